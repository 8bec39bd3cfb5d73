package dev.striate.op;

import static dev.striate.internal.Internals.allocate;
import static dev.striate.internal.Internals.requireSameDevice;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;

/** Joins tensors of the same shape along a new axis. Each gets its slice of the gradient. */
public final class Stack {

    private Stack() {}

    /**
     * @throws ShapeException if there are no parts, if their shapes differ, or if the result has 2^31 elements or more
     */
    public static Tensor apply(int axis, Tensor... parts) {
        if (parts.length == 0) {
            throw new ShapeException("stack: expected at least one tensor");
        }
        Shape part = parts[0].shape();
        for (Tensor each : parts) {
            requireSameDevice("stack", parts[0], each);
            if (!each.shape().equals(part)) {
                throw new ShapeException(
                        "stack: expected tensors of the same shape, got " + part + " and " + each.shape());
            }
        }
        Shape one = Reshape.unsqueezed("stack", part, axis);
        int along = axis < 0 ? axis + one.rank() : axis;
        int[] sizes = one.toArray();
        sizes[along] = parts.length;
        Shape shape = Sizes.shape("stack", sizes);
        int[] strides = shape.strides();
        Tensor y = allocate(parts[0].device(), shape);
        Recorder recorder = Recorder.of("stack", y);
        for (int i = 0; i < parts.length; i++) {
            int position = i;
            StridedCopy.run(one.toArray(), parts[i], 0, one.strides(), y, i * strides[along], strides);
            recorder.input(
                    parts[i],
                    (dy, saved) -> dy.slice(along, position, position + 1).reshape(part.toArray()));
        }
        return recorder.record();
    }
}
