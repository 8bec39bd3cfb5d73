package dev.striate.op;

import dev.striate.IntTensor;
import dev.striate.Tensor;

/**
 * The position of the minimum along an axis, which is that of the maximum of {@code -x}: of a NaN if there is one, and
 * of the first or the last of several. It has no gradient.
 */
public final class Argmin {

    private Argmin() {}

    /** The axis is removed. */
    public static IntTensor apply(Tensor x, int axis, boolean last) {
        ReduceLoops.of("argmin", x.shape(), new int[] {axis}, false).requireChoice("argmin", x.shape());
        try (Tensor negative = x.neg()) {
            return Argmax.apply(negative, axis, last);
        }
    }
}
