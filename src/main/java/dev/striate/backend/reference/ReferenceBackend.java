package dev.striate.backend.reference;

import dev.striate.DeviceMemoryException;
import dev.striate.StriateException;
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
import dev.striate.backend.OptimizerKernels;
import dev.striate.backend.ReduceKernels;
import dev.striate.backend.SoftmaxKernels;
import dev.striate.backend.UnaryKernels;
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

    private final UnaryKernels unary = new ReferenceUnary();
    private final BinaryKernels binary = new ReferenceBinary();
    private final CopyKernels copy = new ReferenceCopy();
    private final ReduceKernels reduce = new ReferenceReduce();
    private final MatmulKernels matmul = new ReferenceMatmul();
    private final LinearKernels linear = new ComposedLinear(matmul, reduce, unary);
    private final Conv2dKernels conv2d = new ReferenceConv2d(unary);
    private final Im2ColKernels im2col = new ReferenceIm2Col();
    private final MaxPool2dKernels maxPool2d = new ReferenceMaxPool2d(unary);
    private final AvgPool2dKernels avgPool2d = new ReferenceAvgPool2d();
    private final AdaptiveAvgPool2dKernels adaptiveAvgPool2d = new ReferenceAdaptiveAvgPool2d();
    private final BatchNorm2dKernels batchNorm2d = new ReferenceBatchNorm2d(unary);
    private final DropoutKernels dropout = new ReferenceDropout();
    private final SoftmaxKernels softmax = new ReferenceSoftmax();
    private final CrossEntropyKernels crossEntropy = new ReferenceCrossEntropy();
    private final NllKernels nll = new ReferenceNll();
    private final OptimizerKernels optimizer = new ReferenceOptimizer();

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
