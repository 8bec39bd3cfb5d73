package dev.striate.backend;

/**
 * A contiguous array of float elements in device memory, allocated by {@link Backend#allocate} and released by {@link
 * Backend#release}. The reference backend stores the elements as {@code double}; for callers they are always float32.
 *
 * <p>The contents of a new buffer are undefined, so kernels write every element of their output.
 */
public interface Buffer {

    /** The number of elements. */
    int length();

    /**
     * Returns a slice of {@code length} elements starting at {@code offset}. It shares memory with this buffer and ends
     * with it; releasing a slice has no effect.
     *
     * @param offset a multiple of {@link Backend#sliceAlignment()}
     */
    Buffer slice(int offset, int length);
}
