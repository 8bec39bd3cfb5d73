package dev.striate.backend.opencl;

import dev.striate.DeviceInfo;
import dev.striate.MemoryStatistics;
import dev.striate.backend.Backend;
import dev.striate.backend.Buffer;
import dev.striate.backend.IndexBuffer;
import dev.striate.backend.KernelSet;
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
    private final KernelSet kernels;

    OpenClBackend(OpenClRuntime runtime) {
        this.runtime = runtime;
        OpenClReduce reduce = new OpenClReduce(runtime);
        OpenClMatmul matmul = new OpenClMatmul(runtime);
        OpenClLinear linear = new OpenClLinear(runtime, matmul);
        OpenClBatchNorm2d batchNorm2d = new OpenClBatchNorm2d(runtime);
        this.kernels = new KernelSet(
                new OpenClUnary(runtime),
                new OpenClBinary(runtime),
                new OpenClCopy(runtime),
                new OpenClGather(runtime),
                reduce,
                matmul,
                linear,
                new OpenClConv2d(runtime, linear),
                new OpenClIm2Col(runtime),
                new OpenClMaxPool2d(runtime),
                new OpenClAvgPool2d(runtime),
                new OpenClAdaptiveAvgPool2d(runtime),
                new OpenClResample2d(runtime),
                batchNorm2d,
                new OpenClNormPool(runtime, batchNorm2d),
                new OpenClDropout(runtime),
                new OpenClSoftmax(runtime),
                new OpenClCrossEntropy(runtime),
                new OpenClNll(runtime),
                new OpenClOptimizer(runtime, reduce));
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
        if (length == 0) {
            return;
        }
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
        if (length == 0) {
            return;
        }
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
    public KernelSet kernels() {
        return kernels;
    }
}
