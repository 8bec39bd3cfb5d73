package dev.striate.backend;

import org.jspecify.annotations.Nullable;

/**
 * Sums and maxima over some of the axes. {@code kept} loops over the elements of the output, dense in their order;
 * {@code reduced} loops over the elements that go into one of them, in the input's scan order; operand 0 of both walks the input.
 */
public interface ReduceKernels {

    /** {@code y = scale * sum(x)}. */
    void sum(StridedLoop kept, StridedLoop reduced, float scale, Buffer x, Buffer y);

    /**
     * The maximum, and which turn of {@code reduced} held it: the first among equals; the first NaN wins over everything.
     *
     * @param y       the maxima, or null if only their places are wanted
     * @param indices turns of {@code reduced}, one per element of the output
     */
    void max(StridedLoop kept, StridedLoop reduced, Buffer x, @Nullable Buffer y, IndexBuffer indices);

    /** Writes all of {@code dx}: {@code dy} where {@code indices} points, else 0. */
    void maxGradient(StridedLoop kept, StridedLoop reduced, Buffer dy, IndexBuffer indices, Buffer dx);
}
