package dev.striate.op;

import static dev.striate.internal.Internals.allocate;
import static dev.striate.internal.Internals.buffer;
import static dev.striate.internal.Internals.kernels;
import static dev.striate.internal.Internals.requireSameDevice;

import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;
import dev.striate.backend.BinaryFunction;
import dev.striate.backend.StridedLoop;

/**
 * Element-wise arithmetic of two tensors with NumPy's broadcasting. Gradients of repeated elements are summed.
 */
public final class Binary {

    private Binary() {}

    /** {@code a + b}; da = dy, db = dy. */
    public static Tensor add(Tensor a, Tensor b) {
        Shape shapeA = a.shape();
        Shape shapeB = b.shape();
        return Recorder.of("add", apply("add", BinaryFunction.ADD, a, b))
                .input(a, (dy, saved) -> Sum.to(dy, shapeA))
                .input(b, (dy, saved) -> Sum.to(dy, shapeB))
                .record();
    }

    /** {@code a - b}; da = dy, db = -dy. */
    public static Tensor sub(Tensor a, Tensor b) {
        Shape shapeA = a.shape();
        Shape shapeB = b.shape();
        return Recorder.of("sub", apply("sub", BinaryFunction.SUB, a, b))
                .input(a, (dy, saved) -> Sum.to(dy, shapeA))
                .input(b, (dy, saved) -> Sum.to(dy, shapeB).neg())
                .record();
    }

    /** {@code a b}; da = dy b, db = dy a. */
    public static Tensor mul(Tensor a, Tensor b) {
        Shape shapeA = a.shape();
        Shape shapeB = b.shape();
        return Recorder.of("mul", apply("mul", BinaryFunction.MUL, a, b))
                .input(a, (dy, saved) -> Sum.to(dy.mul(saved.get(0)), shapeA), b)
                .input(b, (dy, saved) -> Sum.to(dy.mul(saved.get(0)), shapeB), a)
                .record();
    }

    /** {@code a / b}; da = dy / b, db = -dy y / b. */
    public static Tensor div(Tensor a, Tensor b) {
        Shape shapeA = a.shape();
        Shape shapeB = b.shape();
        Tensor y = apply("div", BinaryFunction.DIV, a, b);
        return Recorder.of("div", y)
                .input(a, (dy, saved) -> Sum.to(dy.div(saved.get(0)), shapeA), b)
                .input(
                        b,
                        (dy, saved) -> Sum.to(dy.mul(saved.get(0)).div(saved.get(1)), shapeB)
                                .neg(),
                        y,
                        b)
                .record();
    }

    /** The larger one. The smaller one gets no gradient; equal elements share it; both get it where one is NaN. */
    public static Tensor maximum(Tensor a, Tensor b) {
        Shape shapeA = a.shape();
        Shape shapeB = b.shape();
        return Recorder.of("maximum", apply("maximum", BinaryFunction.MAXIMUM, a, b))
                .input(a, (dy, saved) -> Sum.to(unlessLess(dy, saved.get(0), saved.get(1)), shapeA), a, b)
                .input(b, (dy, saved) -> Sum.to(unlessLess(dy, saved.get(1), saved.get(0)), shapeB), a, b)
                .record();
    }

    /** The smaller one; its gradients are those of {@link #maximum} with the operands exchanged. */
    public static Tensor minimum(Tensor a, Tensor b) {
        Shape shapeA = a.shape();
        Shape shapeB = b.shape();
        return Recorder.of("minimum", apply("minimum", BinaryFunction.MINIMUM, a, b))
                .input(a, (dy, saved) -> Sum.to(unlessLess(dy, saved.get(1), saved.get(0)), shapeA), a, b)
                .input(b, (dy, saved) -> Sum.to(unlessLess(dy, saved.get(0), saved.get(1)), shapeB), a, b)
                .record();
    }

    /** 0 where {@code a < b}, half of {@code dy} where they are equal, otherwise {@code dy}. */
    private static Tensor unlessLess(Tensor dy, Tensor a, Tensor b) {
        Tensor twice = less("lt", a, b).add(lessOrEqual("le", a, b));
        return dy.mul(Unary.affine("maximum", twice, -0.5, 1));
    }

    /** {@code a^b}; da = dy b a^(b - 1), 0 where b is 0; db = dy y log a, 0 where a and b are 0. */
    public static Tensor pow(Tensor a, Tensor b) {
        Tensor y = apply("pow", BinaryFunction.POW, a, b);
        return Recorder.of("pow", y)
                .input(a, (dy, saved) -> baseGradient(dy, saved.get(0), saved.get(1)), a, b)
                .input(b, (dy, saved) -> exponentGradient(dy, saved.get(0), saved.get(1), saved.get(2)), a, b, y)
                .record();
    }

    private static Tensor baseGradient(Tensor dy, Tensor a, Tensor b) {
        Tensor zero = Tensor.scalar(dy.device(), 0);
        Tensor derivative = b.mul(pow(a, b.sub(1)));
        return Sum.to(dy.mul(Where.apply(equal(b, zero), zero, derivative)), a.shape());
    }

    /** Where a is 0, the power is 0 whatever small change b makes, unless b is negative. */
    private static Tensor exponentGradient(Tensor dy, Tensor a, Tensor b, Tensor y) {
        Tensor zero = Tensor.scalar(dy.device(), 0);
        Tensor isFlat = equal(a, zero).mul(apply("pow", BinaryFunction.LESS_OR_EQUAL, zero, b));
        return Sum.to(dy.mul(Where.apply(isFlat, zero, y.mul(a.log()))), b.shape());
    }

    /** 1 where {@code a == b}, otherwise 0; no gradient. */
    public static Tensor equal(Tensor a, Tensor b) {
        return apply("eq", BinaryFunction.EQUAL, a, b);
    }

    /** 1 where {@code a < b}, otherwise 0; no gradient. */
    public static Tensor less(String operation, Tensor a, Tensor b) {
        return apply(operation, BinaryFunction.LESS, a, b);
    }

    /** 1 where {@code a <= b}, otherwise 0; no gradient. */
    public static Tensor lessOrEqual(String operation, Tensor a, Tensor b) {
        return apply(operation, BinaryFunction.LESS_OR_EQUAL, a, b);
    }

    private static Tensor apply(String operation, BinaryFunction f, Tensor a, Tensor b) {
        requireSameDevice(operation, a, b);
        Shape shape = Shape.broadcast(operation, a.shape(), b.shape());
        StridedLoop loop = StridedLoop.of(
                shape.toArray(), a.shape().broadcastStrides(shape), b.shape().broadcastStrides(shape));
        Tensor y = allocate(a.device(), shape);
        kernels(y).binary().forward(f, loop, buffer(a), buffer(b), buffer(y));
        return y;
    }
}
