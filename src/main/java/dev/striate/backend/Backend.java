package dev.striate.backend;

import dev.striate.DeviceInfo;
import dev.striate.MemoryStatistics;

/**
 * The memory and kernels of one device.
 *
 * <p>A kernel call may return before the device has finished. Calls of one thread take effect in their order, and
 * {@link #read} waits for earlier calls. Operations check shapes before they call a kernel, so geometry is trusted
 * here. Inputs and outputs do not overlap unless a method allows it.
 *
 * <p>Several threads may use a backend at the same time. The results of a sequence of calls do not depend on timing or
 * on the number of threads, bit for bit.
 */
public interface Backend {

    /** Returns a description of the device. */
    DeviceInfo info();

    /**
     * Takes a buffer from the pool. Its contents are undefined. A buffer without elements can be written and read, but is
     * not given to a kernel.
     *
     * @throws dev.striate.DeviceMemoryException if there is not enough memory; the device remains usable
     */
    Buffer allocate(int length);

    /** Takes a buffer of integers from the pool; otherwise as {@link #allocate}. */
    IndexBuffer allocateIndices(int length);

    /** Returns a buffer to the pool. The caller must not use it, its slices, or this method on it again. */
    void release(Buffer buffer);

    /** Returns a buffer to the pool. The caller must not use it again. */
    void release(IndexBuffer buffer);

    /** Offsets of {@link Buffer#slice} are multiples of this number of elements. */
    int sliceAlignment();

    /**
     * Copies {@code target.length()} values from {@code source}, starting at {@code offset} there. The source may be
     * reused afterwards.
     */
    void write(float[] source, int offset, Buffer target);

    /**
     * Copies {@code target.length()} values from {@code source}, starting at {@code offset} there. The source may be
     * reused afterwards.
     */
    void write(int[] source, int offset, IndexBuffer target);

    /**
     * Waits for earlier calls, then copies all of {@code source} to {@code target}, starting at {@code offset} there.
     */
    void read(Buffer source, float[] target, int offset);

    /**
     * Waits for earlier calls, then copies all of {@code source} to {@code target}, starting at {@code offset} there.
     */
    void read(IndexBuffer source, int[] target, int offset);

    /** Waits until all earlier calls have finished. */
    void synchronize();

    /** Returns the current state of the pool. */
    MemoryStatistics memory();

    /** Returns the kernels, by family. */
    KernelSet kernels();
}
