package dev.striate.backend.reference;

import dev.striate.backend.IndexBuffer;
import java.util.Arrays;

/** Integers in an array. */
public final class ReferenceIndexBuffer implements IndexBuffer {

    /** Fills what is undefined: no label and no place has this value. */
    private static final int POISON = Integer.MIN_VALUE;

    private final int[] values;

    ReferenceIndexBuffer(int length) {
        values = new int[length];
        poison();
    }

    /** The buffer as this backend's own kind. */
    static ReferenceIndexBuffer of(IndexBuffer buffer) {
        return (ReferenceIndexBuffer) buffer;
    }

    /** Element {@code i}. */
    public int get(int i) {
        return values[i];
    }

    /** Sets element {@code i}. */
    public void set(int i, int value) {
        values[i] = value;
    }

    void poison() {
        Arrays.fill(values, POISON);
    }

    @Override
    public int length() {
        return values.length;
    }
}
