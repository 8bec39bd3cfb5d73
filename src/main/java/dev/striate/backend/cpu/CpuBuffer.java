package dev.striate.backend.cpu;

import dev.striate.StriateException;
import dev.striate.backend.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * A run of a pooled array. Kernels read {@link #array} and {@link #offset} directly, once {@link #of} let the buffer
 * pass.
 */
public final class CpuBuffer implements Buffer {

    private static final float[] NOTHING = new float[0];

    public float[] array;
    public final int offset;
    private final int length;
    /** The buffer this one is a window on, or itself. */
    private final CpuBuffer owner;

    private boolean released;

    CpuBuffer(float[] array, int length) {
        this.array = array;
        this.offset = 0;
        this.length = length;
        this.owner = this;
    }

    private CpuBuffer(CpuBuffer owner, int offset, int length) {
        this.array = owner.array;
        this.offset = offset;
        this.length = length;
        this.owner = owner;
    }

    /** The buffer behind the contract's type, checked to be still in use. */
    public static CpuBuffer of(Buffer buffer) {
        CpuBuffer own = (CpuBuffer) buffer;
        if (own.owner.released) {
            throw new StriateException(
                    "cpu: a buffer of " + own.length + " elements was used after it had been released");
        }
        return own;
    }

    public static @Nullable CpuBuffer ofNullable(@Nullable Buffer buffer) {
        return buffer == null ? null : of(buffer);
    }

    public float get(int index) {
        return array[offset + index];
    }

    void set(int index, double value) {
        array[offset + index] = (float) value;
    }

    /**
     * Marks the end, under the pool's lock, and lets go of the array: whoever still holds this object must not hold the
     * memory.
     *
     * @return the array
     * @throws StriateException if it was released before
     */
    float[] end() {
        if (released) {
            throw new StriateException("cpu: a buffer of " + length + " elements was released twice");
        }
        released = true;
        float[] freed = array;
        array = NOTHING;
        return freed;
    }

    @Override
    public int length() {
        return length;
    }

    boolean isWindow() {
        return owner != this;
    }

    @Override
    public Buffer slice(int from, int count) {
        if (from % CpuBackend.SLICE_ALIGNMENT != 0 || from < 0 || count < 1 || count > length - from) {
            throw new StriateException(
                    "cpu: slice of " + count + " elements from " + from + " on does not fit a buffer of " + length
                            + "; offsets are multiples of " + CpuBackend.SLICE_ALIGNMENT);
        }
        return new CpuBuffer(owner, offset + from, count);
    }
}
