package dev.striate.backend;

import org.jspecify.annotations.Nullable;

/** A linear layer composed of matrix product, sum and ReLU, for backends where an additional kernel costs nothing. */
public final class ComposedLinear implements LinearKernels {

    private static final StridedLoop ONE_PRODUCT = StridedLoop.of(new int[0], new int[0], new int[0]);

    private final MatmulKernels matmul;
    private final ReduceKernels reduce;
    private final UnaryKernels unary;

    public ComposedLinear(MatmulKernels matmul, ReduceKernels reduce, UnaryKernels unary) {
        this.matmul = matmul;
        this.reduce = reduce;
        this.unary = unary;
    }

    @Override
    public void forward(LinearGeometry g, Buffer x, Buffer w, @Nullable Buffer bias, boolean relu, Buffer y) {
        matmul.forward(new MatmulGeometry(ONE_PRODUCT, g.rows(), g.out(), g.in(), false, true), x, w, bias, y);
        if (relu) {
            unary.relu(y);
        }
    }

    @Override
    public void inputGradient(LinearGeometry g, Buffer dy, Buffer w, @Nullable Buffer gate, Buffer dx) {
        matmul.forward(new MatmulGeometry(ONE_PRODUCT, g.rows(), g.in(), g.out(), false, false), dy, w, null, dx);
        if (gate != null) {
            unary.gate(gate, dx);
        }
    }

    @Override
    public void weightGradient(LinearGeometry g, Buffer x, Buffer dy, Buffer dw, @Nullable Buffer dbias) {
        matmul.forward(new MatmulGeometry(ONE_PRODUCT, g.out(), g.in(), g.rows(), true, false), dy, x, null, dw);
        if (dbias != null) {
            StridedLoop outputs = StridedLoop.of(new int[] {g.out()}, new int[] {1});
            StridedLoop rows = StridedLoop.of(new int[] {g.rows()}, new int[] {g.out()});
            reduce.sum(outputs, rows, 1, dy, dbias);
        }
    }
}
