package dev.striate.backend.opencl;

import dev.striate.DeviceMemoryException;
import dev.striate.backend.MemoryStatistics;
import java.lang.ref.Cleaner;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.cl_buffer_region;
import org.jocl.cl_context;
import org.jocl.cl_mem;
import org.jspecify.annotations.Nullable;

/**
 * Device memory, kept for reuse in buckets of like size.
 *
 * <p>A block given back may be handed out at once although kernels that use it are still waiting: the queue is in order, so
 * whoever gets it next writes after them.
 */
final class OpenClPool {

    private static final Cleaner CLEANER = Cleaner.create();
    private static final long SMALLEST = 256;

    private final cl_context context;
    private final String device;
    private final long memoryBytes;
    private final long largestBytes;
    private final long keptLimit;

    private final Map<Long, ArrayDeque<Block>> kept = new HashMap<>();
    private final Queue<Lease> returned = new ConcurrentLinkedQueue<>();
    private int liveBuffers;
    private long liveBytes;
    private long usedBytes;
    private long keptBytes;
    private long peakBytes;

    /**
     * @param memoryBytes  what the device has
     * @param largestBytes what the device gives in one piece
     * @param keptLimit    what may wait for reuse
     */
    OpenClPool(cl_context context, String device, long memoryBytes, long largestBytes, long keptLimit) {
        this.context = context;
        this.device = device;
        this.memoryBytes = memoryBytes;
        this.largestBytes = largestBytes;
        this.keptLimit = keptLimit;
    }

    /** A piece of device memory and the windows cut from it, which live as long as it does. */
    static final class Block {
        private final cl_mem memory;
        private final long bytes;
        private final Map<Region, cl_mem> windows = new HashMap<>();

        Block(cl_mem memory, long bytes) {
            this.memory = memory;
            this.bytes = bytes;
        }

        cl_mem memory() {
            return memory;
        }

        synchronized cl_mem window(long offset, long length) {
            return windows.computeIfAbsent(new Region(offset, length), key -> CL.clCreateSubBuffer(
                    memory, CL.CL_MEM_READ_WRITE, CL.CL_BUFFER_CREATE_TYPE_REGION, new cl_buffer_region(offset, length), null));
        }

        synchronized void dropWindows() {
            windows.values().forEach(CL::clReleaseMemObject);
            windows.clear();
        }
    }

    private record Region(long offset, long length) {}

    /** A block in someone's hands. Giving it back, by hand or by the cleaner, only queues it: the pool takes it up later. */
    private static final class Lease implements Runnable {
        private final Queue<Lease> returned;
        private final Block block;
        private final long bytes;

        Lease(Queue<Lease> returned, Block block, long bytes) {
            this.returned = returned;
            this.block = block;
            this.bytes = bytes;
        }

        @Override
        public void run() {
            returned.add(this);
        }
    }

    /** What an owner holds. */
    record Grant(Block block, Cleaner.Cleanable cleanable) {

        /** Gives the block back; a second time does nothing. */
        void release() {
            cleanable.clean();
        }
    }

    /**
     * Takes a block.
     *
     * @param bytes what is needed
     * @param owner whose end gives the block back if nobody did before
     */
    synchronized Grant take(long bytes, Object owner) {
        takeUpReturned();
        long size = bucket(bytes);
        ArrayDeque<Block> bucket = kept.get(size);
        Block block = bucket == null ? null : bucket.poll();
        if (block != null) {
            keptBytes -= size;
        } else {
            block = new Block(create(bytes, size), size);
        }
        liveBuffers++;
        liveBytes += bytes;
        usedBytes += size;
        peakBytes = Math.max(peakBytes, liveBytes);
        return new Grant(block, CLEANER.register(owner, new Lease(returned, block, bytes)));
    }

    private cl_mem create(long bytes, long size) {
        // Checked here because drivers allocate lazily: the call below would succeed and a later launch fail.
        if (size > largestBytes || usedBytes + size > memoryBytes) {
            throw outOfMemory(bytes, null);
        }
        if (usedBytes + keptBytes + size > memoryBytes) {
            dropKept();
        }
        try {
            return CL.clCreateBuffer(context, CL.CL_MEM_READ_WRITE, size, null, null);
        } catch (CLException first) {
            dropKept();
            try {
                return CL.clCreateBuffer(context, CL.CL_MEM_READ_WRITE, size, null, null);
            } catch (CLException second) {
                throw outOfMemory(bytes, second);
            }
        }
    }

    private DeviceMemoryException outOfMemory(long bytes, @Nullable CLException cause) {
        return new DeviceMemoryException(
                "OpenCL device " + device + " has no room for a buffer of " + mebibytes(bytes) + ": " + mebibytes(liveBytes)
                        + " in use in " + liveBuffers + " buffers, " + mebibytes(memoryBytes) + " in all, at most "
                        + mebibytes(largestBytes) + " in one buffer"
                        + (cause == null ? "" : " (" + OpenClError.name(cause.getStatus()) + ")")
                        + ". Use a smaller batch or release tensors.",
                cause);
    }

    private static String mebibytes(long bytes) {
        return bytes < 1 << 20 ? bytes + " bytes" : (bytes >> 20) + " MiB";
    }

    /** Gives all waiting blocks back to the device. */
    synchronized void dropKept() {
        takeUpReturned();
        for (ArrayDeque<Block> bucket : kept.values()) {
            bucket.forEach(block -> CL.clReleaseMemObject(block.memory));
        }
        kept.clear();
        keptBytes = 0;
    }

    synchronized MemoryStatistics statistics() {
        takeUpReturned();
        return new MemoryStatistics(liveBuffers, liveBytes, keptBytes, peakBytes);
    }

    private void takeUpReturned() {
        for (Lease lease = returned.poll(); lease != null; lease = returned.poll()) {
            Block block = lease.block;
            block.dropWindows();
            liveBuffers--;
            liveBytes -= lease.bytes;
            usedBytes -= block.bytes;
            if (keptBytes + block.bytes > keptLimit) {
                CL.clReleaseMemObject(block.memory);
            } else {
                kept.computeIfAbsent(block.bytes, size -> new ArrayDeque<>()).push(block);
                keptBytes += block.bytes;
            }
        }
    }

    /** The next of eight sizes per power of two, so that at most an eighth is wasted. */
    private long bucket(long bytes) {
        if (bytes <= SMALLEST) {
            return SMALLEST;
        }
        long step = Math.max(SMALLEST, Long.highestOneBit(bytes - 1) >> 3);
        long rounded = (bytes + step - 1) / step * step;
        return rounded <= largestBytes ? rounded : Math.max(bytes, largestBytes);
    }
}
