package dev.striate.op;

import dev.striate.Tensor;
import dev.striate.backend.StridedLoop;

/** The one kernel behind permute, slice, concat, pad and expand: a block of elements moved between two layouts. */
final class StridedCopy {

    private StridedCopy() {}

    /** Copies the block of {@code sizes}, walking either side from its offset by its strides. */
    static void run(
            int[] sizes,
            Tensor source,
            int sourceOffset,
            int[] sourceStrides,
            Tensor target,
            int targetOffset,
            int[] targetStrides) {
        source.device().backend().copy().copy(StridedLoop.of(sizes, sourceStrides, targetStrides), sourceOffset, source.buffer(),
                targetOffset, target.buffer());
    }
}
