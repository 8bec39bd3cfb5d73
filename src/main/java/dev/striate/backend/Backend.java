package dev.striate.backend;

import org.jspecify.annotations.Nullable;

/**
 * One device: its memory and its kernels.
 *
 * <p>A kernel call may return before the device has finished; calls take effect in the order in which one thread makes them,
 * and {@link #read} waits for what came before. Shapes were checked by the operation that calls: geometry is trusted here.
 * Inputs and outputs never overlap unless a method says that they may.
 *
 * <p>A backend may be used by several threads at once. For one sequence of calls the result's bits do not depend on timing or on
 * the number of threads.
 */
public interface Backend {

    /** What runs here, for people: {@code AMD EPYC, 2 threads, Vector API 512 bit}. */
    DeviceInfo info();

    /**
     * Takes a buffer of at least one element from the device's pool; its contents are undefined.
     *
     * @throws dev.striate.DeviceMemoryException if the device has no room; the device stays usable
     */
    Buffer allocate(int length);

    /** The same for integers. */
    IndexBuffer allocateIndices(int length);

    /** Gives a buffer back to the pool, once. The caller does not touch it, or windows on it, again. */
    void release(Buffer buffer);

    /** Gives a buffer back to the pool, once. The caller does not touch it again. */
    void release(IndexBuffer buffer);

    /** {@link Buffer#slice} takes offsets that are multiples of this many elements. */
    int sliceAlignment();

    /**
     * Copies {@code target.length()} values from {@code source}, starting at {@code offset} there; the source is free afterwards.
     */
    void write(float[] source, int offset, Buffer target);

    /**
     * Copies {@code target.length()} values from {@code source}, starting at {@code offset} there; the source is free afterwards.
     */
    void write(int[] source, int offset, IndexBuffer target);

    /** Copies all of {@code source} to {@code target}, starting at {@code offset} there, once earlier calls have finished. */
    void read(Buffer source, float[] target, int offset);

    /** Copies all of {@code source} to {@code target}, starting at {@code offset} there, once earlier calls have finished. */
    void read(IndexBuffer source, int[] target, int offset);

    /** Returns when everything asked for so far has been done. */
    void synchronize();

    /** What the pool holds now. */
    MemoryStatistics memory();

    UnaryKernels unary();

    BinaryKernels binary();

    CopyKernels copy();

    ReduceKernels reduce();

    MatmulKernels matmul();

    LinearKernels linear();

    Conv2dKernels conv2d();

    Im2ColKernels im2col();

    MaxPool2dKernels maxPool2d();

    AvgPool2dKernels avgPool2d();

    AdaptiveAvgPool2dKernels adaptiveAvgPool2d();

    BatchNorm2dKernels batchNorm2d();

    /** Null where {@link #batchNorm2d()} and {@link #maxPool2d()} one after the other are as good. */
    default @Nullable NormPoolKernels normPool() {
        return null;
    }

    DropoutKernels dropout();

    SoftmaxKernels softmax();

    CrossEntropyKernels crossEntropy();

    NllKernels nll();

    OptimizerKernels optimizer();
}
