package dev.striate.op;

import static dev.striate.internal.Internals.allocate;

import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;
import java.util.Arrays;

/** Reverses the order of the elements along axes, by copying. The gradient is reversed back. */
public final class Flip {

    private Flip() {}

    /** @throws ShapeException if an axis occurs twice */
    public static Tensor apply(Tensor x, int... axes) {
        int[] strides = x.shape().strides();
        int start = 0;
        for (int axis : axes) {
            int along = x.shape().axis("flip", axis);
            if (strides[along] < 0) {
                throw new ShapeException("flip: expected each axis at most once, got " + Arrays.toString(axes));
            }
            start += (x.size(along) - 1) * strides[along];
            strides[along] = -strides[along];
        }
        int[] flipped = axes.clone();
        Tensor y = allocate(x.device(), x.shape());
        StridedCopy.run(x.shape().toArray(), x, start, strides, y, 0, x.shape().strides());
        return Recorder.of("flip", y)
                .input(x, (dy, saved) -> apply(dy, flipped))
                .record();
    }
}
