package dev.striate.op;

import static dev.striate.internal.Internals.allocate;
import static dev.striate.internal.Internals.buffer;
import static dev.striate.internal.Internals.kernels;
import static dev.striate.internal.Internals.requireSameDevice;
import static dev.striate.internal.Internals.share;

import dev.striate.NoGrad;
import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;

/**
 * {@code condition != 0 ? a : b} with NumPy's broadcasting. The gradient goes to the chosen operand; there is none for
 * the condition.
 */
public final class Where {

    private Where() {}

    /** @throws dev.striate.ShapeException if the shapes do not fit each other */
    public static Tensor apply(Tensor condition, Tensor a, Tensor b) {
        requireSameDevice("where", condition, a);
        requireSameDevice("where", condition, b);
        Shape shape = Shape.broadcast("where", Shape.broadcast("where", a.shape(), b.shape()), condition.shape());
        Tensor y = choose(condition, a, b, shape);
        Shape shapeA = a.shape();
        Shape shapeB = b.shape();
        return Recorder.of("where", y)
                .input(
                        a,
                        (dy, saved) -> Sum.to(choose(saved.get(0), dy, Tensor.scalar(dy.device(), 0), shape), shapeA),
                        condition)
                .input(
                        b,
                        (dy, saved) -> Sum.to(choose(saved.get(0), Tensor.scalar(dy.device(), 0), dy, shape), shapeB),
                        condition)
                .record();
    }

    private static Tensor choose(Tensor condition, Tensor a, Tensor b, Shape shape) {
        Tensor y = allocate(condition.device(), shape);
        try (NoGrad off = NoGrad.open();
                Tensor test = expanded(condition, shape);
                Tensor left = expanded(a, shape);
                Tensor right = expanded(b, shape)) {
            kernels(y).binary().where(shape.elements(), buffer(test), buffer(left), buffer(right), buffer(y));
        }
        return y;
    }

    private static Tensor expanded(Tensor x, Shape shape) {
        return x.shape().equals(shape) ? share(x) : x.expand(shape.toArray());
    }
}
