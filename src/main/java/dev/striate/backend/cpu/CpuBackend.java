package dev.striate.backend.cpu;

import dev.striate.DeviceException;
import dev.striate.backend.AdaptiveAvgPool2dKernels;
import dev.striate.backend.AvgPool2dKernels;
import dev.striate.backend.Backend;
import dev.striate.backend.BatchNorm2dKernels;
import dev.striate.backend.BinaryKernels;
import dev.striate.backend.Buffer;
import dev.striate.backend.ComposedLinear;
import dev.striate.backend.Conv2dKernels;
import dev.striate.backend.CopyKernels;
import dev.striate.backend.CrossEntropyKernels;
import dev.striate.backend.DeviceInfo;
import dev.striate.backend.DropoutKernels;
import dev.striate.backend.Im2ColKernels;
import dev.striate.backend.IndexBuffer;
import dev.striate.backend.LinearKernels;
import dev.striate.backend.MatmulKernels;
import dev.striate.backend.MaxPool2dKernels;
import dev.striate.backend.MemoryStatistics;
import dev.striate.backend.NllKernels;
import dev.striate.backend.NormPoolKernels;
import dev.striate.backend.OptimizerKernels;
import dev.striate.backend.ReduceKernels;
import dev.striate.backend.SoftmaxKernels;
import dev.striate.backend.UnaryKernels;
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
    private final UnaryKernels unary;
    private final BinaryKernels binary;
    private final CopyKernels copy;
    private final ReduceKernels reduce;
    private final MatmulKernels matmul;
    private final LinearKernels linear;
    private final Conv2dKernels conv2d;
    private final Im2ColKernels im2col;
    private final CpuMaxPool2d maxPool2d;
    private final AvgPool2dKernels avgPool2d;
    private final AdaptiveAvgPool2dKernels adaptiveAvgPool2d;
    private final CpuBatchNorm2d batchNorm2d;
    private final NormPoolKernels normPool;
    private final DropoutKernels dropout;
    private final SoftmaxKernels softmax;
    private final CrossEntropyKernels crossEntropy;
    private final NllKernels nll;
    private final OptimizerKernels optimizer;

    private CpuBackend(int threads, SimdKernels simd, long worthSharing, @Nullable String forcedConvolution) {
        this.info = CpuProvider.describe(threads, simd);
        CpuContext context = new CpuContext(new CpuThreads(threads, worthSharing), simd, pool);
        CpuGemm gemm =
                new CpuGemm(context, Caches.ofThisMachine(simd.convolution().lanes()));
        this.unary = new CpuUnary(context);
        this.binary = new CpuBinary(context);
        this.copy = new CpuCopy(context);
        this.reduce = new CpuReduce(context);
        this.matmul = new CpuMatmul(context, gemm);
        this.linear = new ComposedLinear(matmul, reduce, unary);
        this.conv2d = new CpuConv2d(new ConvAlgorithms(context, linear, forcedConvolution));
        this.im2col = new CpuIm2Col(context);
        this.maxPool2d = new CpuMaxPool2d(context, unary);
        this.avgPool2d = new CpuAvgPool2d(context);
        this.adaptiveAvgPool2d = new CpuAdaptiveAvgPool2d(context);
        this.batchNorm2d = new CpuBatchNorm2d(context);
        this.normPool = new CpuNormPool(context, batchNorm2d, maxPool2d);
        this.dropout = new CpuDropout(context);
        this.softmax = new CpuSoftmax(context);
        this.crossEntropy = new CpuCrossEntropy(context);
        this.nll = new CpuNll();
        this.optimizer = new CpuOptimizer(context);
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
    public UnaryKernels unary() {
        return unary;
    }

    @Override
    public BinaryKernels binary() {
        return binary;
    }

    @Override
    public CopyKernels copy() {
        return copy;
    }

    @Override
    public ReduceKernels reduce() {
        return reduce;
    }

    @Override
    public MatmulKernels matmul() {
        return matmul;
    }

    @Override
    public LinearKernels linear() {
        return linear;
    }

    @Override
    public Conv2dKernels conv2d() {
        return conv2d;
    }

    @Override
    public Im2ColKernels im2col() {
        return im2col;
    }

    @Override
    public MaxPool2dKernels maxPool2d() {
        return maxPool2d;
    }

    @Override
    public AvgPool2dKernels avgPool2d() {
        return avgPool2d;
    }

    @Override
    public AdaptiveAvgPool2dKernels adaptiveAvgPool2d() {
        return adaptiveAvgPool2d;
    }

    @Override
    public BatchNorm2dKernels batchNorm2d() {
        return batchNorm2d;
    }

    @Override
    public NormPoolKernels normPool() {
        return normPool;
    }

    @Override
    public DropoutKernels dropout() {
        return dropout;
    }

    @Override
    public SoftmaxKernels softmax() {
        return softmax;
    }

    @Override
    public CrossEntropyKernels crossEntropy() {
        return crossEntropy;
    }

    @Override
    public NllKernels nll() {
        return nll;
    }

    @Override
    public OptimizerKernels optimizer() {
        return optimizer;
    }
}
