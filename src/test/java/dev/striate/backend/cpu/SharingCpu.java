package dev.striate.backend.cpu;

import dev.striate.backend.Backend;
import dev.striate.backend.LinearKernels;
import dev.striate.backend.cpu.conv.ConvAlgorithms;
import dev.striate.backend.cpu.simd.SimdKernels;
import dev.striate.backend.cpu.simd.VectorApi;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A CPU backend that shares even the smallest work among its threads, so that small cases test the sharing. */
public final class SharingCpu {

    private SharingCpu() {}

    public static Backend open(int threads, Vectorization vectorization) {
        return open(threads, vectorization, null);
    }

    /** The same with a convolution algorithm that is taken wherever it fits. */
    public static Backend open(int threads, Vectorization vectorization, @Nullable String forcedConvolution) {
        return CpuBackend.open(threads, vectorization, 0, forcedConvolution);
    }

    /** The names of all algorithms of convolution. */
    public static Set<String> convolutions() {
        LinearKernels linear = open(1, Vectorization.PLAIN).kernels().linear();
        return new ConvAlgorithms(context(VectorApi.plain()), linear, null).names();
    }

    /** What the kernel families of a backend with one thread work with. */
    public static CpuContext context(SimdKernels simd) {
        return new CpuContext(new CpuThreads(1, 0), simd, new CpuPool());
    }
}
