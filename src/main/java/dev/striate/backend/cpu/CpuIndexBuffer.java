package dev.striate.backend.cpu;

import dev.striate.StriateException;
import dev.striate.backend.IndexBuffer;

/** The front of a pooled array of integers. */
final class CpuIndexBuffer implements IndexBuffer {

    final int[] array;
    private final int length;
    /** Written under the pool's lock; read elsewhere only to catch mistakes. */
    boolean released;

    CpuIndexBuffer(int[] array, int length) {
        this.array = array;
        this.length = length;
    }

    /** The buffer behind the contract's type, checked to be still in use. */
    static CpuIndexBuffer of(IndexBuffer buffer) {
        CpuIndexBuffer own = (CpuIndexBuffer) buffer;
        if (own.released) {
            throw new StriateException("cpu: an index buffer of " + own.length + " elements was used after it had been released");
        }
        return own;
    }

    @Override
    public int length() {
        return length;
    }
}
