package dev.striate.backend;

/** A contiguous array of 32-bit integers in device memory, such as labels or positions of maxima. */
public interface IndexBuffer {

    /** The number of elements. */
    int length();
}
