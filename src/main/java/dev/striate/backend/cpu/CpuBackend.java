package dev.striate.backend.cpu;

import dev.striate.DeviceException;
import dev.striate.DeviceInfo;
import dev.striate.MemoryStatistics;
import dev.striate.backend.Backend;
import dev.striate.backend.Buffer;
import dev.striate.backend.ComposedLinear;
import dev.striate.backend.IndexBuffer;
import dev.striate.backend.KernelSet;
import dev.striate.backend.cpu.conv.ConvAlgorithms;
import dev.striate.backend.cpu.simd.SimdKernels;
import dev.striate.backend.cpu.simd.VectorApi;
import org.jspecify.annotations.Nullable;

/**
 * The machine's own cores, in pure Java. Every call has finished when it returns. Memory is the Java heap's, kept in a
 * pool of arrays; the result of a call has the same bits whatever the number of threads.
 */
public final class CpuBackend implements Backend {

    static final int SLICE_ALIGNMENT = 16;

    private final DeviceInfo info;
    private final CpuPool pool = new CpuPool();
    private final KernelSet kernels;

    private CpuBackend(int threads, SimdKernels simd, long worthSharing, @Nullable String forcedConvolution) {
        this.info = CpuProvider.describe(threads, simd);
        CpuContext context = new CpuContext(new CpuThreads(threads, worthSharing), simd, pool);
        CpuGemm gemm =
                new CpuGemm(context, Caches.ofThisMachine(simd.convolution().lanes()));
        CpuUnary unary = new CpuUnary(context);
        CpuReduce reduce = new CpuReduce(context);
        CpuMatmul matmul = new CpuMatmul(context, gemm);
        ComposedLinear linear = new ComposedLinear(matmul, reduce, unary);
        CpuMaxPool2d maxPool2d = new CpuMaxPool2d(context, unary);
        CpuBatchNorm2d batchNorm2d = new CpuBatchNorm2d(context);
        this.kernels = new KernelSet(
                unary,
                new CpuBinary(context),
                new CpuCopy(context),
                new CpuGather(context),
                reduce,
                matmul,
                linear,
                new CpuConv2d(new ConvAlgorithms(context, linear, forcedConvolution)),
                new CpuIm2Col(context),
                maxPool2d,
                new CpuAvgPool2d(context),
                new CpuAdaptiveAvgPool2d(context),
                new CpuResample2d(context),
                batchNorm2d,
                new CpuNormPool(context, batchNorm2d, maxPool2d),
                new CpuDropout(context),
                new CpuSoftmax(context),
                new CpuCrossEntropy(context),
                new CpuNll(),
                new CpuOptimizer(context));
    }

    /**
     * Opens the CPU.
     *
     * @param threads       how many threads work, the caller included; 0 for what the system property {@code
     *     striate.threads} says, or else as many as there are processors
     * @param vectorization which inner loops to run
     * @throws DeviceException if {@code threads} or the property is not a sensible number, or if the Vector API is
     *     asked for and cannot be used
     */
    public static CpuBackend open(int threads, Vectorization vectorization) {
        return open(threads, vectorization, CpuThreads.WORTH_SHARING, null);
    }

    /**
     * The same for tests.
     *
     * @param worthSharing      nanoseconds of work from which on it is shared among the threads
     * @param forcedConvolution the name of an algorithm that convolutions take wherever it fits, or null
     */
    static CpuBackend open(
            int threads, Vectorization vectorization, long worthSharing, @Nullable String forcedConvolution) {
        int count = CpuProvider.resolveThreads(threads);
        return new CpuBackend(count, kernels(vectorization), worthSharing, forcedConvolution);
    }

    private static SimdKernels kernels(Vectorization vectorization) {
        SimdKernels vectorized = switch (vectorization) {
            case BEST -> VectorApi.warming();
            case VECTOR_API -> VectorApi.vectorized();
            case PLAIN -> null;
        };
        if (vectorized == null && vectorization == Vectorization.VECTOR_API) {
            throw new DeviceException("cpu: the Vector API cannot be used: " + VectorApi.absence());
        }
        return vectorized == null ? VectorApi.plain() : vectorized;
    }

    @Override
    public DeviceInfo info() {
        return info;
    }

    @Override
    public Buffer allocate(int length) {
        return pool.allocate(length);
    }

    @Override
    public IndexBuffer allocateIndices(int length) {
        return pool.allocateIndices(length);
    }

    @Override
    public void release(Buffer buffer) {
        pool.release((CpuBuffer) buffer);
    }

    @Override
    public void release(IndexBuffer buffer) {
        pool.release((CpuIndexBuffer) buffer);
    }

    @Override
    public int sliceAlignment() {
        return SLICE_ALIGNMENT;
    }

    @Override
    public void write(float[] source, int offset, Buffer target) {
        CpuBuffer to = CpuBuffer.of(target);
        System.arraycopy(source, offset, to.array, to.offset, to.length());
    }

    @Override
    public void write(int[] source, int offset, IndexBuffer target) {
        CpuIndexBuffer to = CpuIndexBuffer.of(target);
        System.arraycopy(source, offset, to.array, 0, to.length());
    }

    @Override
    public void read(Buffer source, float[] target, int offset) {
        CpuBuffer from = CpuBuffer.of(source);
        System.arraycopy(from.array, from.offset, target, offset, from.length());
    }

    @Override
    public void read(IndexBuffer source, int[] target, int offset) {
        CpuIndexBuffer from = CpuIndexBuffer.of(source);
        System.arraycopy(from.array, 0, target, offset, from.length());
    }

    @Override
    public void synchronize() {
        // Every call has finished when it returns.
    }

    @Override
    public MemoryStatistics memory() {
        return pool.statistics();
    }

    @Override
    public KernelSet kernels() {
        return kernels;
    }
}
