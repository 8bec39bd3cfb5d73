package dev.striate.op;

import static dev.striate.internal.Internals.allocate;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;

/** Copies a part of a tensor along one axis. The gradient is zero outside this part. */
public final class Slice {

    private Slice() {}

    /**
     * Returns every {@code step}-th element from {@code start} to {@code end} (exclusive); negative positions count
     * from the end. With a negative step, the range goes down, and an {@code end} of {@code -size - 1} is before the
     * first element.
     *
     * @throws ShapeException if the range exceeds the axis or runs against the step, if it is empty and the step is
     *     negative, or if the step is 0
     */
    public static Tensor apply(Tensor x, int axis, int start, int end, int step) {
        int along = x.shape().axis("slice", axis);
        int size = x.size(along);
        int from = start < 0 ? start + size : start;
        int to = end < 0 ? end + size : end;
        boolean up = step > 0 && from >= 0 && from <= to && to <= size;
        boolean down = step < 0 && from < size && to < from && to >= -1;
        if (!up && !down) {
            throw new ShapeException("slice: from " + start + " to " + end + " by " + step + " along axis " + axis
                    + " of " + x.shape() + ": expected " + expected(size, step));
        }
        int[] whole = x.shape().toArray();
        // As long, because the least integer has no opposite.
        long stride = Math.abs((long) step);
        Shape shape = x.shape().with(along, (int) ((Math.abs(to - from) + stride - 1) / stride));
        int[] strides = x.shape().strides();
        int offset = from * strides[along];
        strides[along] *= step;
        Tensor y = allocate(x.device(), shape);
        StridedCopy.run(shape.toArray(), x, offset, strides, y, 0, shape.strides());
        return Recorder.of("slice", y)
                .input(x, (dy, saved) -> {
                    Tensor dx = Tensor.full(dy.device(), 0, whole);
                    StridedCopy.run(shape.toArray(), dy, 0, shape.strides(), dx, offset, strides);
                    return dx;
                })
                .record();
    }

    private static String expected(int size, int step) {
        if (step == 0) {
            return "a step other than 0";
        }
        return step > 0
                ? "0 <= from <= to <= " + size
                : size + " > from > to; an end of " + (-size - 1) + " is before the first element";
    }
}
