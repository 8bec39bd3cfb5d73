package dev.striate.backend.opencl;

import dev.striate.backend.AdaptiveAvgPool2dKernels;
import dev.striate.backend.AvgPool2dKernels;
import dev.striate.backend.Backend;
import dev.striate.backend.BatchNorm2dKernels;
import dev.striate.backend.BinaryKernels;
import dev.striate.backend.Buffer;
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
import java.lang.ref.Reference;
import org.jocl.CL;
import org.jocl.Pointer;

/**
 * One OpenCL device, driven through one in-order queue. Programs are built when a kernel is first called and kept on
 * disk (see {@link OpenClProgramCache}). A CPU device needs other kernels than a GPU: {@link KernelShape} says which
 * are built.
 */
public final class OpenClBackend implements Backend, AutoCloseable {

    private final OpenClRuntime runtime;
    private final UnaryKernels unary;
    private final BinaryKernels binary;
    private final CopyKernels copy;
    private final ReduceKernels reduce;
    private final MatmulKernels matmul;
    private final LinearKernels linear;
    private final Conv2dKernels conv2d;
    private final Im2ColKernels im2col;
    private final MaxPool2dKernels maxPool2d;
    private final AvgPool2dKernels avgPool2d;
    private final AdaptiveAvgPool2dKernels adaptiveAvgPool2d;
    private final BatchNorm2dKernels batchNorm2d;
    private final NormPoolKernels normPool;
    private final DropoutKernels dropout;
    private final SoftmaxKernels softmax;
    private final CrossEntropyKernels crossEntropy;
    private final NllKernels nll;
    private final OptimizerKernels optimizer;

    OpenClBackend(OpenClRuntime runtime) {
        this.runtime = runtime;
        OpenClReduce sums = new OpenClReduce(runtime);
        this.unary = new OpenClUnary(runtime);
        this.binary = new OpenClBinary(runtime);
        this.copy = new OpenClCopy(runtime);
        this.reduce = sums;
        OpenClMatmul products = new OpenClMatmul(runtime);
        this.matmul = products;
        this.linear = new OpenClLinear(runtime, products);
        this.conv2d = new OpenClConv2d(runtime, linear);
        this.im2col = new OpenClIm2Col(runtime);
        this.maxPool2d = new OpenClMaxPool2d(runtime);
        this.avgPool2d = new OpenClAvgPool2d(runtime);
        this.adaptiveAvgPool2d = new OpenClAdaptiveAvgPool2d(runtime);
        OpenClBatchNorm2d norm = new OpenClBatchNorm2d(runtime);
        this.batchNorm2d = norm;
        this.normPool = new OpenClNormPool(runtime, norm);
        this.dropout = new OpenClDropout(runtime);
        this.softmax = new OpenClSoftmax(runtime);
        this.crossEntropy = new OpenClCrossEntropy(runtime);
        this.nll = new OpenClNll(runtime);
        this.optimizer = new OpenClOptimizer(runtime, sums);
    }

    /**
     * Opens a device with the kernels made for its kind.
     *
     * @param ordinal an index into the devices that {@link OpenClProvider#probe()} lists
     * @throws dev.striate.DeviceException if there is no such device or it cannot be opened
     */
    public static OpenClBackend open(int ordinal) {
        return open(ordinal, OpenClDevices.get(ordinal).shape());
    }

    /** Opens a device with kernels of a given shape: to try GPU kernels on a CPU device, or the other way round. */
    public static OpenClBackend open(int ordinal, KernelShape shape) {
        OpenClDevices.Entry device = OpenClDevices.get(ordinal);
        return new OpenClBackend(new OpenClRuntime(
                device,
                shape,
                OpenClProgramCache.ofUser(device.info()),
                OpenClRuntime.Limits.of(device),
                OpenClParameters.ofUser(device, shape),
                false));
    }

    OpenClRuntime runtime() {
        return runtime;
    }

    /**
     * Gives up the device: waits for what was asked for, then frees queue, programs and pooled memory. Buffers still in
     * use may be released afterwards and nothing else; a second time does nothing. No other thread may be using the
     * backend.
     *
     * <p>A device that lives as long as the program need not be closed: the driver frees what a process had at its end.
     * No shutdown hook does it, because other threads may go on calling while hooks run.
     */
    @Override
    public void close() {
        runtime.close();
    }

    @Override
    public DeviceInfo info() {
        return runtime.info();
    }

    @Override
    public Buffer allocate(int length) {
        return new OpenClBuffer(runtime.pool(), OpenClPool.Kind.FLOATS, length);
    }

    @Override
    public IndexBuffer allocateIndices(int length) {
        return new OpenClIndexBuffer(runtime.pool(), length);
    }

    @Override
    public void release(Buffer buffer) {
        OpenClBuffer.of(buffer).release();
    }

    @Override
    public void release(IndexBuffer buffer) {
        ((OpenClIndexBuffer) buffer).release();
    }

    @Override
    public int sliceAlignment() {
        return runtime.sliceAlignment();
    }

    @Override
    public void write(float[] source, int offset, Buffer target) {
        write(
                (first, count, into) -> into.asFloatBuffer().put(source, offset + first, count),
                OpenClBuffer.of(target),
                target.length());
    }

    @Override
    public void write(int[] source, int offset, IndexBuffer target) {
        write(
                (first, count, into) -> into.asIntBuffer().put(source, offset + first, count),
                (OpenClIndexBuffer) target,
                target.length());
    }

    private void write(OpenClUploads.Source source, OpenClMemory target, int length) {
        try {
            runtime.enqueue(
                    "a write of " + length + " elements",
                    () -> runtime.uploads().write(source, target.memory(), length));
        } finally {
            Reference.reachabilityFence(target);
        }
    }

    @Override
    public void read(Buffer source, float[] target, int offset) {
        read(OpenClBuffer.of(source), source.length(), Pointer.to(target), offset);
    }

    @Override
    public void read(IndexBuffer source, int[] target, int offset) {
        read((OpenClIndexBuffer) source, source.length(), Pointer.to(target), offset);
    }

    private void read(OpenClMemory source, int length, Pointer target, int offset) {
        // The wait comes first: during the transfer itself the array may be pinned, which holds up the garbage
        // collector.
        runtime.finish("a read of " + length + " elements");
        runtime.enqueue(
                "a read of " + length + " elements",
                () -> CL.clEnqueueReadBuffer(
                        runtime.queue(),
                        source.memory(),
                        true,
                        0,
                        4L * length,
                        target.withByteOffset(4L * offset),
                        0,
                        null,
                        null));
    }

    @Override
    public void synchronize() {
        runtime.finish("waiting for the queue");
    }

    @Override
    public MemoryStatistics memory() {
        return runtime.pool().statistics();
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
