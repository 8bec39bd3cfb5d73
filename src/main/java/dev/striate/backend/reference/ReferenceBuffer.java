package dev.striate.backend.reference;

import dev.striate.backend.Buffer;
import java.util.Arrays;
import java.util.Objects;

/**
 * Elements in double precision. Every access is checked, so that a wrong geometry shows itself here rather than as a
 * wrong value elsewhere.
 */
public final class ReferenceBuffer implements Buffer {

    private final double[] values;
    private final int offset;
    private final int length;
    private final boolean window;

    /** A buffer of its own, filled with NaN: what a kernel forgot to write stays visible. */
    ReferenceBuffer(int length) {
        this(new double[length], 0, length, false);
        poison();
    }

    private ReferenceBuffer(double[] values, int offset, int length, boolean window) {
        this.values = values;
        this.offset = offset;
        this.length = length;
        this.window = window;
    }

    /** The buffer as this backend's own kind. */
    static ReferenceBuffer of(Buffer buffer) {
        return (ReferenceBuffer) buffer;
    }

    /** Element {@code i} in full precision. */
    public double get(int i) {
        return values[offset + Objects.checkIndex(i, length)];
    }

    /** Sets element {@code i} in full precision. */
    public void set(int i, double value) {
        values[offset + Objects.checkIndex(i, length)] = value;
    }

    /** Adds to element {@code i}. */
    void add(int i, double value) {
        set(i, get(i) + value);
    }

    /** Sets all elements. */
    void fill(double value) {
        Arrays.fill(values, offset, offset + length, value);
    }

    /** Fills with NaN what is undefined from now on. */
    void poison() {
        fill(Double.NaN);
    }

    /** Whether this was cut from another buffer. */
    boolean isWindow() {
        return window;
    }

    @Override
    public int length() {
        return length;
    }

    @Override
    public ReferenceBuffer slice(int offset, int length) {
        Objects.checkFromIndexSize(offset, length, this.length);
        return new ReferenceBuffer(values, this.offset + offset, length, true);
    }
}
