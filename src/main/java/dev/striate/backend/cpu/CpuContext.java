package dev.striate.backend.cpu;

import dev.striate.backend.cpu.simd.SimdKernels;

/** What every kernel family works with. */
public record CpuContext(CpuThreads threads, SimdKernels simd, CpuPool pool, Speeds speeds, Scratch scratch) {

    CpuContext(CpuThreads threads, SimdKernels simd, CpuPool pool) {
        this(threads, simd, pool, Speeds.DECLARED, new Scratch());
    }
}
