package dev.striate.backend.reference;

import dev.striate.DeviceInfo;
import dev.striate.DeviceMemoryException;
import dev.striate.MemoryStatistics;
import dev.striate.StriateException;
import dev.striate.backend.Backend;
import dev.striate.backend.Buffer;
import dev.striate.backend.ComposedLinear;
import dev.striate.backend.IndexBuffer;
import dev.striate.backend.KernelSet;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.function.IntFunction;

/**
 * The specification: every kernel is the plainest loop that computes what the contract says, in double precision and in
 * one thread. The other backends must agree with it.
 *
 * <p>There is no pool. A fresh buffer and a released one are filled with NaN, so that reading what was never written,
 * or what was given back, shows in the result; a second release of the same buffer is an error.
 */
public final class ReferenceBackend implements Backend {

    private final Set<Object> live = Collections.newSetFromMap(new IdentityHashMap<>());
    private long liveBytes;
    private long peakBytes;

    private final KernelSet kernels = newKernels();

    private static KernelSet newKernels() {
        ReferenceUnary unary = new ReferenceUnary();
        ReferenceReduce reduce = new ReferenceReduce();
        ReferenceMatmul matmul = new ReferenceMatmul();
        return new KernelSet(
                unary,
                new ReferenceBinary(),
                new ReferenceCopy(),
                new ReferenceGather(),
                reduce,
                matmul,
                new ComposedLinear(matmul, reduce, unary),
                new ReferenceConv2d(unary),
                new ReferenceIm2Col(),
                new ReferenceMaxPool2d(unary),
                new ReferenceAvgPool2d(),
                new ReferenceAdaptiveAvgPool2d(),
                new ReferenceResample2d(),
                new ReferenceBatchNorm2d(unary),
                null,
                new ReferenceDropout(),
                new ReferenceSoftmax(),
                new ReferenceCrossEntropy(),
                new ReferenceNll(),
                new ReferenceOptimizer());
    }

    @Override
    public DeviceInfo info() {
        return ReferenceProvider.INFO;
    }

    @Override
    public ReferenceBuffer allocate(int length) {
        return register(length, Double.BYTES, ReferenceBuffer::new);
    }

    @Override
    public ReferenceIndexBuffer allocateIndices(int length) {
        return register(length, Integer.BYTES, ReferenceIndexBuffer::new);
    }

    private synchronized <T> T register(int length, int elementBytes, IntFunction<T> constructor) {
        T buffer;
        try {
            buffer = constructor.apply(length);
        } catch (OutOfMemoryError e) {
            throw new DeviceMemoryException(
                    "reference: no room for " + length + " elements of " + elementBytes
                            + " bytes; close tensors, or start Java with a larger -Xmx",
                    e);
        }
        live.add(buffer);
        liveBytes += (long) length * elementBytes;
        peakBytes = Math.max(peakBytes, liveBytes);
        return buffer;
    }

    @Override
    public void release(Buffer buffer) {
        ReferenceBuffer released = ReferenceBuffer.of(buffer);
        if (!released.isWindow()) {
            unregister(released, released.length(), Double.BYTES);
            released.poison();
        }
    }

    @Override
    public void release(IndexBuffer buffer) {
        ReferenceIndexBuffer released = ReferenceIndexBuffer.of(buffer);
        unregister(released, released.length(), Integer.BYTES);
        released.poison();
    }

    private synchronized void unregister(Object buffer, int length, int elementBytes) {
        if (!live.remove(buffer)) {
            throw new StriateException("release: this buffer of " + length + " elements was already released");
        }
        liveBytes -= (long) length * elementBytes;
    }

    @Override
    public int sliceAlignment() {
        return 1;
    }

    @Override
    public void write(float[] source, int offset, Buffer target) {
        ReferenceBuffer to = ReferenceBuffer.of(target);
        for (int i = 0; i < to.length(); i++) {
            to.set(i, source[offset + i]);
        }
    }

    @Override
    public void write(int[] source, int offset, IndexBuffer target) {
        ReferenceIndexBuffer to = ReferenceIndexBuffer.of(target);
        for (int i = 0; i < to.length(); i++) {
            to.set(i, source[offset + i]);
        }
    }

    @Override
    public void read(Buffer source, float[] target, int offset) {
        ReferenceBuffer from = ReferenceBuffer.of(source);
        for (int i = 0; i < from.length(); i++) {
            target[offset + i] = (float) from.get(i);
        }
    }

    @Override
    public void read(IndexBuffer source, int[] target, int offset) {
        ReferenceIndexBuffer from = ReferenceIndexBuffer.of(source);
        for (int i = 0; i < from.length(); i++) {
            target[offset + i] = from.get(i);
        }
    }

    @Override
    public void synchronize() {
        // Every call has finished when it returns.
    }

    @Override
    public synchronized MemoryStatistics memory() {
        return new MemoryStatistics(live.size(), liveBytes, 0, peakBytes);
    }

    @Override
    public KernelSet kernels() {
        return kernels;
    }
}
