package dev.striate.backend;

/** A run of 32-bit integers in a device's memory: labels, positions of maxima. */
public interface IndexBuffer {

    /** The number of elements. */
    int length();
}
