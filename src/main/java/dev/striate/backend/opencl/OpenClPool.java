package dev.striate.backend.opencl;

import dev.striate.DeviceException;
import dev.striate.DeviceMemoryException;
import dev.striate.MemoryStatistics;
import dev.striate.StriateException;
import java.lang.ref.Cleaner;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.cl_buffer_region;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_mem;
import org.jspecify.annotations.Nullable;

/**
 * Device memory, kept for reuse in buckets of like size.
 *
 * <p>A block given back may be handed out at once although kernels that use it are still waiting: the queue is in
 * order, so whoever gets it next writes after them.
 */
final class OpenClPool {

    private static final Cleaner CLEANER = Cleaner.create();
    private static final long SMALLEST = 256;

    /** How long unreachable buffers may take to come back once the garbage collector has run, in milliseconds. */
    private static final long COLLECT_MILLIS = 200;
    /** Kinds of live blocks that an error names: the largest. */
    private static final int NAMED = 5;

    private final cl_context context;
    private final cl_command_queue queue;
    private final String device;
    private final long memoryBytes;
    private final long largestBytes;
    private final long keptLimit;

    private final Map<Long, ArrayDeque<Block>> kept = new HashMap<>();
    private final BlockingQueue<Lease> returned = new LinkedBlockingQueue<>();
    private final Map<Use, Integer> live = new HashMap<>();
    private int liveBuffers;
    private long liveBytes;
    private long usedBytes;
    private long keptBytes;
    private long peakBytes;
    private volatile boolean closed;

    /**
     * @param queue       where the blocks are used
     * @param memoryBytes  what the device has
     * @param largestBytes what the device gives in one piece
     * @param keptLimit    what may wait for reuse
     */
    OpenClPool(
            cl_context context,
            cl_command_queue queue,
            String device,
            long memoryBytes,
            long largestBytes,
            long keptLimit) {
        this.context = context;
        this.queue = queue;
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
            return windows.computeIfAbsent(
                    new Region(offset, length),
                    key -> CL.clCreateSubBuffer(
                            memory,
                            CL.CL_MEM_READ_WRITE,
                            CL.CL_BUFFER_CREATE_TYPE_REGION,
                            new cl_buffer_region(offset, length),
                            null));
        }

        synchronized void dropWindows() {
            windows.values().forEach(CL::clReleaseMemObject);
            windows.clear();
        }
    }

    private record Region(long offset, long length) {}

    /** What a block was taken for. */
    enum Kind {
        FLOATS("of floats"),
        INDICES("of indices"),
        SCRATCH("between kernels");

        private final String title;

        Kind(String title) {
            this.title = title;
        }
    }

    /** Blocks that errors count together. */
    private record Use(Kind kind, long bytes) {}

    /**
     * A block in someone's hands. Giving it back, by hand or by the cleaner, only queues it: the pool takes it up
     * later.
     */
    private record Lease(OpenClPool pool, Block block, Kind kind, long bytes) implements Runnable {

        @Override
        public void run() {
            pool.returned.add(this);
            if (pool.closed) {
                pool.statistics();
            }
        }
    }

    /** What an owner holds. */
    static final class Grant {

        private final Block block;
        private final Cleaner.Cleanable cleanable;
        private final AtomicBoolean released = new AtomicBoolean();

        Grant(Block block, Cleaner.Cleanable cleanable) {
            this.block = block;
            this.cleanable = cleanable;
        }

        /** @throws StriateException after {@link #release}: the block may be another's by then */
        Block block() {
            if (released.getPlain()) {
                throw new StriateException("opencl: a buffer was used after its release");
            }
            return block;
        }

        /**
         * Gives the block back.
         *
         * @param elements what the owner has of them, for the error
         * @throws StriateException the second time
         */
        void release(int elements) {
            if (!released.compareAndSet(false, true)) {
                throw new StriateException("opencl: a buffer of " + elements + " elements was released twice");
            }
            cleanable.clean();
        }
    }

    /**
     * Takes a block.
     *
     * @param bytes what is needed
     * @param kind  what for
     * @param owner whose end gives the block back if nobody did before
     * @throws DeviceMemoryException if there is no room, even after what nobody can reach any more has been given back
     */
    synchronized Grant take(long bytes, Kind kind, Object owner) {
        if (closed) {
            throw new DeviceException("OpenCL device " + device + " was closed");
        }
        takeUpReturned();
        // OpenCL has no buffers without bytes.
        long size = bucket(Math.max(bytes, Float.BYTES));
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
        live.merge(new Use(kind, size), 1, Integer::sum);
        return new Grant(block, CLEANER.register(owner, new Lease(this, block, kind, bytes)));
    }

    private cl_mem create(long bytes, long size) {
        if (size > largestBytes) {
            throw outOfMemory(bytes, null);
        }
        // Checked here because drivers allocate lazily: the call below would succeed and a later launch fail.
        if (usedBytes + size > memoryBytes) {
            collect();
            if (usedBytes + size > memoryBytes) {
                throw outOfMemory(bytes, null);
            }
        }
        if (usedBytes + keptBytes + size > memoryBytes) {
            dropKept();
        }
        try {
            return CL.clCreateBuffer(context, CL.CL_MEM_READ_WRITE, size, null, null);
        } catch (CLException first) {
            collect();
            dropKept();
            try {
                // A driver frees memory only when the commands that use it are done.
                CL.clFinish(queue);
                return CL.clCreateBuffer(context, CL.CL_MEM_READ_WRITE, size, null, null);
            } catch (CLException second) {
                throw outOfMemory(bytes, second);
            }
        }
    }

    /**
     * Lets the garbage collector find buffers that were dropped without being closed. The last resort before an error.
     */
    private void collect() {
        System.gc();
        // An interrupt from before must not end the wait: the error would blame a lack of memory.
        boolean interrupted = Thread.interrupted();
        try {
            Lease first = returned.poll(COLLECT_MILLIS, TimeUnit.MILLISECONDS);
            // Those found together come one right after the other.
            for (Lease lease = first;
                    lease != null;
                    lease = returned.poll(COLLECT_MILLIS / 10, TimeUnit.MILLISECONDS)) {
                takeUp(lease);
            }
        } catch (InterruptedException e) {
            interrupted = true;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private DeviceMemoryException outOfMemory(long bytes, @Nullable CLException cause) {
        return new DeviceMemoryException(
                "OpenCL device " + device + " has no room for a buffer of " + mebibytes(bytes) + ": " + inUse()
                        + "; at most "
                        + mebibytes(largestBytes) + " in one buffer"
                        + (cause == null ? "" : " (" + OpenClError.name(cause.getStatus()) + ")")
                        + ". Use a smaller batch or release tensors.",
                cause);
    }

    /** What is in use and by what, for errors. */
    synchronized String inUse() {
        String largest = live.entrySet().stream()
                .sorted(Comparator.comparingLong((Map.Entry<Use, Integer> e) -> e.getKey().bytes * e.getValue())
                        .reversed())
                .limit(NAMED)
                .map(e -> e.getValue() + " " + e.getKey().kind.title + " of " + mebibytes(e.getKey().bytes))
                .collect(Collectors.joining(", "));
        return mebibytes(liveBytes) + " in use in " + liveBuffers + " buffers"
                + (largest.isEmpty() ? "" : " (largest: " + largest + ")") + ", " + mebibytes(memoryBytes) + " in all";
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
            takeUp(lease);
        }
    }

    private void takeUp(Lease lease) {
        Block block = lease.block;
        block.dropWindows();
        liveBuffers--;
        liveBytes -= lease.bytes;
        usedBytes -= block.bytes;
        live.computeIfPresent(new Use(lease.kind, block.bytes), (use, count) -> count == 1 ? null : count - 1);
        if (closed || keptBytes + block.bytes > keptLimit) {
            CL.clReleaseMemObject(block.memory);
        } else {
            kept.computeIfAbsent(block.bytes, size -> new ArrayDeque<>()).push(block);
            keptBytes += block.bytes;
        }
    }

    /** Gives all waiting blocks back to the device; those in use follow as their owners release them. */
    synchronized void close() {
        closed = true;
        dropKept();
    }

    /**
     * The next of eight sizes per power of two, so that at most an eighth is wasted; the very size where no block is
     * kept, which also lets a checker see each access past the end.
     */
    private long bucket(long bytes) {
        if (keptLimit == 0) {
            return bytes;
        }
        if (bytes <= SMALLEST) {
            return SMALLEST;
        }
        long step = Math.max(SMALLEST, Long.highestOneBit(bytes - 1) >> 3);
        long rounded = (bytes + step - 1) / step * step;
        return rounded <= largestBytes ? rounded : Math.max(bytes, largestBytes);
    }
}
