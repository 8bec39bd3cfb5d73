package dev.striate.backend.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Splits a call's work over a fixed number of threads, the caller being one of them. The caller takes pieces like
 * everyone else and waits only for pieces that another thread has begun, so calls from several threads, or from within
 * a piece, cannot block each other: a caller who finds all helpers busy does its work alone.
 *
 * <p>The calls of a training step follow each other within microseconds, and waking a sleeping thread takes longer than
 * many of them. A helper therefore looks out for the next call for a moment before it sleeps.
 */
public final class CpuThreads {

    /** Work in nanoseconds below which another thread's help costs more than it brings. */
    static final long WORTH_SHARING = 20_000;
    /** How many pieces each thread gets, so that one that is held up delays the others little. */
    private static final int PIECES_PER_THREAD = 4;
    /**
     * How long a thread that waits keeps its processor, and from then on until it sleeps, leaves it to others that want
     * it.
     */
    private static final long SPIN_NANOS = 10_000;

    private static final long AWAKE_NANOS = 100_000;
    private static final long IDLE_NANOS = 20_000_000_000L;

    private final int count;
    private final long worthSharing;
    private final Helper[] helpers;

    /**
     * @param count        how many threads work, the caller included
     * @param worthSharing work in nanoseconds from which on it is shared, {@link #WORTH_SHARING} but in tests
     */
    CpuThreads(int count, long worthSharing) {
        this.count = count;
        this.worthSharing = worthSharing;
        this.helpers = new Helper[count - 1];
        // With more threads than processors, one that stays awake keeps another from working.
        long awakeNanos = count <= Runtime.getRuntime().availableProcessors() ? AWAKE_NANOS : 0;
        for (int i = 0; i < helpers.length; i++) {
            helpers[i] = new Helper("striate-cpu-" + (i + 1), awakeNanos);
        }
    }

    public int count() {
        return count;
    }

    /** Into how many pieces work of about this many nanoseconds is best cut; 1 where sharing does not pay. */
    public int pieces(long nanos) {
        return count == 1 || nanos < worthSharing ? 1 : PIECES_PER_THREAD * count;
    }

    /** A piece of a range. */
    public interface Range {
        void run(int from, int to);
    }

    /**
     * Runs {@code body} over pieces of {@code 0 .. n-1}. How the range is cut depends on the number of threads: the
     * body must compute each element by itself.
     *
     * @param nanos what all of it takes on one thread, roughly
     */
    public void forRange(int n, long nanos, Range body) {
        int pieces = Math.min(pieces(nanos), n);
        if (pieces <= 1) {
            body.run(0, n);
            return;
        }
        int step = (int) ((n + (long) pieces - 1) / pieces);
        parallelFor((n - 1) / step + 1, nanos, piece -> body.run(piece * step, (int) Math.min(n, (piece + 1L) * step)));
    }

    /**
     * Runs {@code body} for every chunk in {@code 0 .. chunks-1}, in any order and on any thread, and returns when all
     * are done. What one throws is thrown here, once no chunk is running any more.
     *
     * @param nanos what all chunks together take on one thread, roughly
     */
    public void parallelFor(int chunks, long nanos, IntConsumer body) {
        int wanted = Math.min(count, chunks) - 1;
        if (wanted <= 0 || nanos < worthSharing) {
            for (int chunk = 0; chunk < chunks; chunk++) {
                body.accept(chunk);
            }
            return;
        }
        Job job = new Job(chunks, body);
        for (int i = 0; i < helpers.length && wanted > 0; i++) {
            if (helpers[i].offer(job)) {
                wanted--;
            }
        }
        job.work();
        for (Helper helper : helpers) {
            helper.withdraw(job);
        }
        job.await();
    }

    /** On a busy machine the other thread may be waiting for this very processor. */
    @SuppressWarnings("ThreadPriorityCheck") // Only speed depends on what yield() does.
    private static void stayAwake(long waited) {
        if (waited < SPIN_NANOS) {
            Thread.onSpinWait();
        } else {
            Thread.yield();
        }
    }

    /**
     * One more thread and the place where it finds its next job. The thread ends when it has been idle for long, for a
     * backend is never closed and its threads must not outlive it; the next job starts another.
     */
    private static final class Helper implements Runnable {

        private static final Object NO_THREAD = new Object();

        private final String name;
        private final long awakeNanos;
        private final AtomicReference<@Nullable Object> place = new AtomicReference<>(NO_THREAD);
        /** The thread while it sleeps or is about to. */
        private volatile @Nullable Thread sleeper;

        Helper(String name, long awakeNanos) {
            this.name = name;
            this.awakeNanos = awakeNanos;
        }

        /** @return false if another job stands there already */
        boolean offer(Job job) {
            if (place.compareAndSet(null, job)) {
                LockSupport.unpark(sleeper);
                return true;
            }
            if (place.compareAndSet(NO_THREAD, job)) {
                Thread thread = new Thread(this, name);
                thread.setDaemon(true);
                try {
                    thread.start();
                    return true;
                } catch (OutOfMemoryError noMoreThreads) {
                    place.set(NO_THREAD);
                }
            }
            return false;
        }

        /** Takes a job back that the helper has not taken up, being asleep or busy with another caller's. */
        void withdraw(Job job) {
            place.compareAndSet(job, null);
        }

        @Override
        public void run() {
            do {
                if (place.getAndSet(null) instanceof Job job) {
                    job.work();
                }
            } while (waitForJob());
        }

        /** @return whether to go on; false after a long time without a job */
        private boolean waitForJob() {
            long start = System.nanoTime();
            while (place.get() == null) {
                long waited = System.nanoTime() - start;
                if (waited < awakeNanos) {
                    stayAwake(waited);
                } else if (waited < IDLE_NANOS) {
                    sleeper = Thread.currentThread();
                    // Looks once more: a job that came before the line above woke nobody.
                    if (place.get() == null) {
                        LockSupport.parkNanos(this, IDLE_NANOS);
                        // Whoever interrupts a helper must not turn its sleep into a busy wait.
                        Thread.interrupted();
                    }
                    sleeper = null;
                } else if (place.compareAndSet(null, NO_THREAD)) {
                    return false;
                }
            }
            return true;
        }
    }

    /** One call's chunks, handed out in order to whoever asks next. */
    private static final class Job {

        private final int chunks;
        private final IntConsumer body;
        private final Thread caller = Thread.currentThread();
        private final AtomicInteger next = new AtomicInteger();
        private final AtomicInteger finished = new AtomicInteger();
        private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

        Job(int chunks, IntConsumer body) {
            this.chunks = chunks;
            this.body = body;
        }

        void work() {
            for (int chunk = next.getAndIncrement(); chunk < chunks; chunk = next.getAndIncrement()) {
                try {
                    if (failure.get() == null) {
                        body.accept(chunk);
                    }
                } catch (Throwable thrown) {
                    failure.compareAndSet(null, thrown);
                }
                if (finished.incrementAndGet() == chunks && Thread.currentThread() != caller) {
                    LockSupport.unpark(caller);
                }
            }
        }

        void await() {
            boolean interrupted = false;
            long start = System.nanoTime();
            while (finished.get() < chunks) {
                long waited = System.nanoTime() - start;
                if (waited < AWAKE_NANOS) {
                    stayAwake(waited);
                } else {
                    LockSupport.park(this);
                    // An interrupt is for the caller's own code; here it would only turn the wait into a busy one.
                    interrupted |= Thread.interrupted();
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            Throwable thrown = failure.get();
            if (thrown instanceof Error error) {
                throw error;
            }
            if (thrown instanceof RuntimeException exception) {
                throw exception;
            }
        }
    }
}
