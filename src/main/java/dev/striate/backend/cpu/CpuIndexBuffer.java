package dev.striate.backend.cpu;

import dev.striate.StriateException;
import dev.striate.backend.IndexBuffer;

/** The front of a pooled array of integers. */
final class CpuIndexBuffer implements IndexBuffer {

    private static final int[] NOTHING = new int[0];

    int[] array;
    private final int length;
    private boolean released;

    CpuIndexBuffer(int[] array, int length) {
        this.array = array;
        this.length = length;
    }

    /** The buffer behind the contract's type, checked to be still in use. */
    static CpuIndexBuffer of(IndexBuffer buffer) {
        CpuIndexBuffer own = (CpuIndexBuffer) buffer;
        if (own.released) {
            throw new StriateException(
                    "cpu: an index buffer of " + own.length + " elements was used after it had been released");
        }
        return own;
    }

    /**
     * Marks the end, under the pool's lock, and lets go of the array: whoever still holds this object must not hold the
     * memory.
     *
     * @return the array
     * @throws StriateException if it was released before
     */
    int[] end() {
        if (released) {
            throw new StriateException("cpu: a buffer of " + length + " elements was released twice");
        }
        released = true;
        int[] freed = array;
        array = NOTHING;
        return freed;
    }

    @Override
    public int length() {
        return length;
    }
}
