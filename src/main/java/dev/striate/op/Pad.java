package dev.striate.op;

import static dev.striate.internal.Internals.allocate;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;
import java.util.Arrays;

/** Adds a border of one value. The gradient is that of the inner elements. */
public final class Pad {

    private Pad() {}

    /**
     * @param before the number of elements added before each axis
     * @param after  the number of elements added after each axis
     * @throws ShapeException if there is not one number of at least 0 for each axis, or if the result has 2^31 elements
     *     or more
     */
    public static Tensor apply(Tensor x, int[] before, int[] after, float value) {
        int rank = x.shape().rank();
        if (before.length != rank
                || after.length != rank
                || Arrays.stream(before).anyMatch(n -> n < 0)
                || Arrays.stream(after).anyMatch(n -> n < 0)) {
            throw new ShapeException("pad: expected numbers of at least 0 before and after, one for each of the " + rank
                    + " axes of " + x.shape() + ", got " + Arrays.toString(before) + " and " + Arrays.toString(after));
        }
        int[] sizes = x.shape().toArray();
        for (int axis = 0; axis < rank; axis++) {
            sizes[axis] = Sizes.alongAxis("pad", axis, (long) sizes[axis] + before[axis] + after[axis]);
        }
        int[] strides = Sizes.shape("pad", sizes).strides();
        int corner = 0;
        for (int axis = 0; axis < rank; axis++) {
            corner += before[axis] * strides[axis];
        }
        int offset = corner;
        Shape shape = x.shape();
        int[] inner = shape.toArray();
        int[] innerStrides = shape.strides();
        Tensor y = Tensor.full(x.device(), value, sizes);
        StridedCopy.run(inner, x, 0, innerStrides, y, offset, strides);
        return Recorder.of("pad", y)
                .input(x, (dy, saved) -> {
                    Tensor dx = allocate(dy.device(), shape);
                    StridedCopy.run(inner, dy, offset, strides, dx, 0, innerStrides);
                    return dx;
                })
                .record();
    }
}
