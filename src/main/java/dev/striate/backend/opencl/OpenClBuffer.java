package dev.striate.backend.opencl;

import dev.striate.backend.Buffer;
import org.jocl.cl_mem;

/** Floats in a pooled block, or a window on such. */
final class OpenClBuffer implements Buffer, OpenClMemory {

    private final int offset;
    private final int length;
    private final OpenClBuffer root;
    private final OpenClPool.Grant grant;
    private final cl_mem memory;

    OpenClBuffer(OpenClPool pool, OpenClPool.Kind kind, int length) {
        this.offset = 0;
        this.length = length;
        this.root = this;
        this.grant = pool.take((long) Float.BYTES * length, kind, this);
        this.memory = grant.block().memory();
    }

    private OpenClBuffer(OpenClBuffer root, int offset, int length) {
        this.offset = offset;
        this.length = length;
        this.root = root;
        this.grant = root.grant;
        this.memory = grant.block().window((long) Float.BYTES * offset, (long) Float.BYTES * length);
    }

    static OpenClBuffer of(Buffer buffer) {
        return (OpenClBuffer) buffer;
    }

    @Override
    public int length() {
        return length;
    }

    @Override
    public Buffer slice(int offset, int length) {
        return new OpenClBuffer(root, this.offset + offset, length);
    }

    @Override
    public cl_mem memory() {
        grant.block();
        return memory;
    }

    /** Gives the block back to the pool, once; does nothing if this is a window. */
    void release() {
        if (root == this) {
            grant.release(length);
        }
    }
}
