package dev.striate.op;

import static dev.striate.internal.Internals.allocate;
import static dev.striate.internal.Internals.requireSameDevice;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;

/** Joins tensors along an axis. Each gets its slice of the gradient. */
public final class Concat {

    private Concat() {}

    /**
     * @throws ShapeException if there are no parts, if sizes differ along another axis, or if the result has 2^31
     *     elements or more
     */
    public static Tensor apply(int axis, Tensor... parts) {
        if (parts.length == 0) {
            throw new ShapeException("concat: expected at least one tensor");
        }
        Tensor first = parts[0];
        int along = first.shape().axis("concat", axis);
        long size = 0;
        for (Tensor part : parts) {
            requireSameDevice("concat", first, part);
            if (part.shape().rank() != first.shape().rank()
                    || !part.shape().with(along, 1).equals(first.shape().with(along, 1))) {
                throw new ShapeException("concat along axis " + axis + ": the shapes " + first.shape() + " and "
                        + part.shape() + " differ along another axis");
            }
            size += part.size(along);
        }
        Shape shape = first.shape().with(along, Sizes.alongAxis("concat", along, size));
        int[] strides = shape.strides();
        Tensor y = allocate(first.device(), shape);
        Recorder recorder = Recorder.of("concat", y);
        int position = 0;
        for (Tensor part : parts) {
            int start = position;
            int end = start + part.size(along);
            StridedCopy.run(
                    part.shape().toArray(), part, 0, part.shape().strides(), y, start * strides[along], strides);
            recorder.input(part, (dy, saved) -> dy.slice(along, start, end));
            position = end;
        }
        return recorder.record();
    }
}
