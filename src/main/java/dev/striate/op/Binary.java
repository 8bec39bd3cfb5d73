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

    private static Tensor apply(String operation, BinaryFunction f, Tensor a, Tensor b) {
        requireSameDevice(operation, a, b);
        Shape shape = Shape.broadcast(operation, a.shape(), b.shape());
        StridedLoop loop = StridedLoop.of(
                shape.toArray(), a.shape().broadcastStrides(shape), b.shape().broadcastStrides(shape));
        Tensor y = allocate(a.device(), shape);
        kernels(a).binary().forward(f, loop, buffer(a), buffer(b), buffer(y));
        return y;
    }
}
