package dev.striate.backend;

import org.jspecify.annotations.Nullable;

/**
 * Sums and maxima over some axes. {@code kept} loops over the elements of the output in dense order, {@code reduced}
 * over the elements that are reduced to one of them, in the order of the input. Operand 0 of both is the input.
 */
public interface ReduceKernels {

    /** {@code y = scale * sum(x)}. */
    void sum(StridedLoop kept, StridedLoop reduced, double scale, Buffer x, Buffer y);

    /**
     * The maximum and the iteration of {@code reduced} in which it occurs: for ties the first or, if {@code last}, the
     * last. NaN counts as the maximum.
     *
     * @param y       the maxima, or null if only the indices are needed
     * @param indices iterations of {@code reduced}, one per element of the output
     */
    void max(StridedLoop kept, StridedLoop reduced, boolean last, Buffer x, @Nullable Buffer y, IndexBuffer indices);

    /** Writes all of {@code dx}: {@code dy} at the positions in {@code indices}, and 0 elsewhere. */
    void maxGradient(StridedLoop kept, StridedLoop reduced, Buffer dy, IndexBuffer indices, Buffer dx);
}
