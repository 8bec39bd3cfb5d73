package dev.striate.backend.opencl;

import dev.striate.backend.IndexBuffer;
import org.jocl.cl_mem;

/** Integers in a pooled block. */
final class OpenClIndexBuffer implements IndexBuffer, OpenClMemory {

    private final int length;
    private final OpenClPool.Grant grant;

    OpenClIndexBuffer(OpenClPool pool, int length) {
        this.length = length;
        this.grant = pool.take((long) Integer.BYTES * length, OpenClPool.Kind.INDICES, this);
    }

    @Override
    public int length() {
        return length;
    }

    @Override
    public cl_mem memory() {
        return grant.block().memory();
    }

    void release() {
        grant.release(length);
    }
}
