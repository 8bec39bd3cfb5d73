package dev.striate.op;

import static dev.striate.internal.Internals.allocateIntegers;
import static dev.striate.internal.Internals.buffer;
import static dev.striate.internal.Internals.kernels;

import dev.striate.IntTensor;
import dev.striate.Tensor;

/**
 * The position of the maximum along an axis: of a NaN if there is one, and of the first or the last of several. It has
 * no gradient.
 */
public final class Argmax {

    private Argmax() {}

    /** The axis is removed. */
    public static IntTensor apply(Tensor x, int axis, boolean last) {
        ReduceLoops loops =
                ReduceLoops.of("argmax", x.shape(), new int[] {axis}, false).requireChoice("argmax", x.shape());
        IntTensor indices = allocateIntegers(x.device(), loops.output(), 0, x.size(axis) - 1);
        kernels(x).reduce().max(loops.kept(), loops.reduced(), last, buffer(x), null, buffer(indices));
        return indices;
    }
}
