package dev.striate.backend.cpu;

import dev.striate.DeviceMemoryException;
import dev.striate.MemoryStatistics;
import java.lang.ref.SoftReference;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Arrays that were given back, kept by capacity for the next who asks. Capacities come in four steps per power of two,
 * so at most a fifth of an array lies idle and sizes that differ little share a bucket. What lies idle is softly
 * reachable: where the heap is full, the JVM takes it back before anyone meets an {@link OutOfMemoryError}. Safe for
 * several threads.
 */
public final class CpuPool {

    private static final int SMALLEST = 64;

    private final Shelf<float[]> floats = new Shelf<>(float[]::new, array -> array.length);
    private final Shelf<int[]> integers = new Shelf<>(int[]::new, array -> array.length);
    private int liveBuffers;
    private long liveBytes;
    private long peakBytes;

    synchronized CpuBuffer allocate(int length) {
        CpuBuffer buffer = new CpuBuffer(take(floats, length), length);
        countIn(length);
        return buffer;
    }

    synchronized CpuIndexBuffer allocateIndices(int length) {
        CpuIndexBuffer buffer = new CpuIndexBuffer(take(integers, length), length);
        countIn(length);
        return buffer;
    }

    synchronized void release(CpuBuffer buffer) {
        if (buffer.isWindow()) {
            return;
        }
        floats.give(buffer.end());
        countOut(buffer.length());
    }

    synchronized void release(CpuIndexBuffer buffer) {
        integers.give(buffer.end());
        countOut(buffer.length());
    }

    /** An array of at least {@code length} elements for the inside of one kernel call, not counted as live. */
    public synchronized float[] takeScratch(int length) {
        return take(floats, length);
    }

    /** Gives back what {@link #takeScratch} handed out. */
    public synchronized void giveScratch(float[] array) {
        floats.give(array);
    }

    synchronized MemoryStatistics statistics() {
        return new MemoryStatistics(liveBuffers, liveBytes, floats.bytes() + integers.bytes(), peakBytes);
    }

    private <A> A take(Shelf<A> shelf, int length) {
        try {
            return shelf.take(capacityFor(length));
        } catch (OutOfMemoryError full) {
            throw new DeviceMemoryException(
                    "cpu: no room for a buffer of " + 4L * length + " bytes; " + liveBytes + " bytes are in use in "
                            + liveBuffers + " buffers, and the limit of the Java heap is "
                            + Runtime.getRuntime().maxMemory()
                            + " bytes; use smaller batches, or start Java with a larger -Xmx",
                    full);
        }
    }

    /** The least capacity of the form {@code (4 + i) 2^j}, i in 0 .. 3, that holds {@code length}. */
    static int capacityFor(int length) {
        if (length <= SMALLEST) {
            return SMALLEST;
        }
        int step = Integer.highestOneBit(length - 1) >>> 2;
        long rounded = ((length - 1L) / step + 1) * step;
        // The largest requests are taken as they are: the JVM's longest array is a few elements short of 2^31.
        return rounded > Integer.MAX_VALUE - 8 ? length : (int) rounded;
    }

    /** The number of a capacity, by its exponent and its step. */
    private static int bucketOf(int capacity) {
        int exponent = 31 - Integer.numberOfLeadingZeros(capacity);
        return 4 * exponent + (capacity >>> exponent - 2 & 3);
    }

    private void countIn(int length) {
        liveBuffers++;
        liveBytes += 4L * length;
        peakBytes = Math.max(peakBytes, liveBytes);
    }

    private void countOut(int length) {
        liveBuffers--;
        liveBytes -= 4L * length;
    }

    /** The idle arrays of one type. */
    private static final class Shelf<A> {

        private final IntFunction<A> maker;
        private final ToIntFunction<A> capacityOf;
        private SoftReference<Idle<A>> idle = new SoftReference<>(null);

        Shelf(IntFunction<A> maker, ToIntFunction<A> capacityOf) {
            this.maker = maker;
            this.capacityOf = capacityOf;
        }

        A take(int capacity) {
            A array = poll(capacity);
            return array == null ? maker.apply(capacity) : array;
        }

        /** Apart, so that no frame holds on to what lies idle while an array is made. */
        private @Nullable A poll(int capacity) {
            Idle<A> now = idle.get();
            A array = now == null ? null : now.buckets.get(bucketOf(capacity)).pollLast();
            if (now == null || array == null) {
                return null;
            }
            int found = capacityOf.applyAsInt(array);
            now.bytes -= 4L * found;
            // The largest arrays are of any length.
            return found == capacity ? array : null;
        }

        void give(A array) {
            Idle<A> now = idle.get();
            if (now == null) {
                now = new Idle<>();
                idle = new SoftReference<>(now);
            }
            int capacity = capacityOf.applyAsInt(array);
            now.buckets.get(bucketOf(capacity)).addLast(array);
            now.bytes += 4L * capacity;
        }

        long bytes() {
            Idle<A> now = idle.get();
            return now == null ? 0 : now.bytes;
        }
    }

    private static final class Idle<A> {

        private final List<ArrayDeque<A>> buckets = Stream.generate(() -> new ArrayDeque<A>())
                .limit(bucketOf(Integer.MAX_VALUE) + 1)
                .toList();
        private long bytes;
    }
}
