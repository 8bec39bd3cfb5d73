package dev.striate.op;

import static dev.striate.internal.Internals.buffer;
import static dev.striate.internal.Internals.kernels;

import dev.striate.Tensor;
import dev.striate.backend.StridedLoop;

/** The kernel of permute, slice, concat, pad and expand: copies a block of elements from one layout to another. */
final class StridedCopy {

    private StridedCopy() {}

    /** Copies a block of {@code sizes}. Source and target each have an offset and strides. */
    static void run(
            int[] sizes,
            Tensor source,
            int sourceOffset,
            int[] sourceStrides,
            Tensor target,
            int targetOffset,
            int[] targetStrides) {
        // A block without elements has a source or a target without elements.
        kernels(source.shape().elements() == 0 ? source : target)
                .copy()
                .copy(
                        StridedLoop.of(sizes, sourceStrides, targetStrides),
                        sourceOffset,
                        buffer(source),
                        targetOffset,
                        buffer(target));
    }
}
