package dev.striate.backend.opencl;

import dev.striate.backend.Buffer;
import dev.striate.backend.LinearGeometry;
import dev.striate.backend.LinearKernels;
import dev.striate.backend.MatmulGeometry;
import dev.striate.backend.StridedLoop;
import dev.striate.backend.opencl.OpenClMatmul.Extras;
import org.jspecify.annotations.Nullable;

/** A linear layer: one product each, and what belongs to it done by the same kernel of {@code matmul.cl}. */
final class OpenClLinear implements LinearKernels {

    private static final StridedLoop ONE_PRODUCT = StridedLoop.of(new int[0], new int[0], new int[0]);

    private final OpenClMatmul matmul;

    OpenClLinear(OpenClMatmul matmul) {
        this.matmul = matmul;
    }

    @Override
    public void forward(LinearGeometry g, Buffer x, Buffer w, @Nullable Buffer bias, boolean relu, Buffer y) {
        MatmulGeometry product = new MatmulGeometry(ONE_PRODUCT, g.rows(), g.out(), g.in(), false, true);
        matmul.run(product, x, w, new Extras(bias, relu, null, null), y);
    }

    @Override
    public void inputGradient(LinearGeometry g, Buffer dy, Buffer w, @Nullable Buffer gate, Buffer dx) {
        MatmulGeometry product = new MatmulGeometry(ONE_PRODUCT, g.rows(), g.in(), g.out(), false, false);
        matmul.run(product, dy, w, new Extras(null, false, gate, null), dx);
    }

    @Override
    public void weightGradient(LinearGeometry g, Buffer x, Buffer dy, Buffer dw, @Nullable Buffer dbias) {
        MatmulGeometry product = new MatmulGeometry(ONE_PRODUCT, g.out(), g.in(), g.rows(), true, false);
        matmul.run(product, dy, x, new Extras(null, false, null, dbias), dw);
    }
}
