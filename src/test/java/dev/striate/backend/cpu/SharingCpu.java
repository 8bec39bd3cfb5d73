package dev.striate.backend.cpu;

import dev.striate.backend.Backend;

/** A CPU backend that shares even the smallest work among its threads, so that small cases test the sharing. */
public final class SharingCpu {

    private SharingCpu() {}

    public static Backend open(int threads, Vectorization vectorization) {
        return CpuBackend.open(threads, vectorization, 0);
    }
}
