package dev.striate.backend;

/**
 * A run of float elements in a device's memory, made by {@link Backend#allocate} and given back by {@link Backend#release}.
 * The reference backend stores the elements as {@code double}; to callers they are float32 everywhere.
 *
 * <p>A fresh buffer's contents are undefined: a kernel writes every element of its output.
 */
public interface Buffer {

    /** The number of elements. */
    int length();

    /**
     * A window on {@code length} elements from {@code offset} on, sharing memory with this buffer. Releasing a window does
     * nothing; it ends with the buffer it was cut from.
     *
     * @param offset a multiple of {@link Backend#sliceAlignment()}
     */
    Buffer slice(int offset, int length);
}
