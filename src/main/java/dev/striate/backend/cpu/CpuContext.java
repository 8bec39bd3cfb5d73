package dev.striate.backend.cpu;

import dev.striate.backend.cpu.simd.SimdKernels;

/** What every kernel family works with. */
record CpuContext(CpuThreads threads, SimdKernels simd, CpuPool pool) {}
