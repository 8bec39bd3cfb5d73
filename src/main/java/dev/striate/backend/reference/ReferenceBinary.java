package dev.striate.backend.reference;

import dev.striate.backend.BinaryFunction;
import dev.striate.backend.BinaryKernels;
import dev.striate.backend.Buffer;
import dev.striate.backend.StridedLoop;
import dev.striate.backend.UnaryFunction;

/** Functions of two elements. */
final class ReferenceBinary implements BinaryKernels {

    @Override
    public void forward(BinaryFunction f, StridedLoop loop, Buffer a, Buffer b, Buffer y) {
        ReferenceBuffer left = ReferenceBuffer.of(a);
        ReferenceBuffer right = ReferenceBuffer.of(b);
        ReferenceBuffer to = ReferenceBuffer.of(y);
        for (int turn = 0; turn < loop.turns(); turn++) {
            to.set(turn, apply(f, left.get(loop.position(0, turn)), right.get(loop.position(1, turn))));
        }
    }

    private static double apply(BinaryFunction f, double a, double b) {
        return switch (f) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> a / b;
            case MAXIMUM -> Math.max(a, b);
            case MINIMUM -> Math.min(a, b);
            case POW -> UnaryFunction.pow(a, b);
            case EQUAL -> a == b ? 1 : 0;
            case LESS -> a < b ? 1 : 0;
            case LESS_OR_EQUAL -> a <= b ? 1 : 0;
        };
    }

    @Override
    public void where(int n, Buffer condition, Buffer a, Buffer b, Buffer y) {
        ReferenceBuffer test = ReferenceBuffer.of(condition);
        ReferenceBuffer left = ReferenceBuffer.of(a);
        ReferenceBuffer right = ReferenceBuffer.of(b);
        ReferenceBuffer to = ReferenceBuffer.of(y);
        for (int i = 0; i < n; i++) {
            to.set(i, test.get(i) != 0 ? left.get(i) : right.get(i));
        }
    }

    @Override
    public void accumulate(int n, float alpha, Buffer x, Buffer into) {
        ReferenceBuffer from = ReferenceBuffer.of(x);
        ReferenceBuffer to = ReferenceBuffer.of(into);
        for (int i = 0; i < n; i++) {
            to.add(i, alpha * from.get(i));
        }
    }
}
