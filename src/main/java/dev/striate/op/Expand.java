package dev.striate.op;

import static dev.striate.internal.Internals.allocate;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;

/** Repeats axes of size 1 and adds leading axes, by copying. The gradient is summed over the repetitions. */
public final class Expand {

    private Expand() {}

    /** @throws ShapeException if x does not broadcast to the shape */
    public static Tensor apply(Tensor x, Shape shape) {
        if (x.shape().rank() > shape.rank()
                || !Shape.broadcast("expand", x.shape(), shape).equals(shape)) {
            throw new ShapeException("expand: " + x.shape() + " does not broadcast to " + shape);
        }
        Shape before = x.shape();
        Tensor y = allocate(x.device(), shape);
        StridedCopy.run(shape.toArray(), x, 0, x.shape().broadcastStrides(shape), y, 0, shape.strides());
        return Recorder.of("expand", y)
                .input(x, (dy, saved) -> Sum.to(dy, before))
                .record();
    }
}
