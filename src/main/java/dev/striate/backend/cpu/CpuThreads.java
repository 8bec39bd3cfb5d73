package dev.striate.backend.cpu;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Splits a call's work over a fixed number of threads, the caller being one of them. The caller takes pieces like everyone else
 * and waits only for pieces that another thread has begun, so calls from several threads, or from within a piece, cannot block
 * each other: a caller who finds all helpers busy does its work alone.
 */
final class CpuThreads {

    /** Work in nanoseconds below which waking another thread costs more than it brings. */
    static final long WORTH_SHARING = 40_000;
    /** How many pieces each thread gets, so that one that is held up delays the others little. */
    private static final int PIECES_PER_THREAD = 4;
    private static final int SPINS_BEFORE_PARKING = 2_000;
    private static final long IDLE_SECONDS = 20;

    private final int count;
    private final long worthSharing;
    private final @Nullable ThreadPoolExecutor helpers;
    private final AtomicInteger busyHelpers = new AtomicInteger();

    /**
     * @param count        how many threads work, the caller included
     * @param worthSharing work in nanoseconds from which on it is shared, {@link #WORTH_SHARING} but in tests
     */
    CpuThreads(int count, long worthSharing) {
        this.count = count;
        this.worthSharing = worthSharing;
        this.helpers = count == 1 ? null : newHelpers(count - 1);
    }

    private static ThreadPoolExecutor newHelpers(int count) {
        AtomicInteger number = new AtomicInteger();
        ThreadFactory factory = task -> {
            Thread thread = new Thread(task, "striate-cpu-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
        ThreadPoolExecutor executor =
                new ThreadPoolExecutor(count, count, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), factory);
        // A backend is never closed; its idle threads must not outlive it.
        executor.allowCoreThreadTimeOut(true);
        return executor;
    }

    int count() {
        return count;
    }

    /** Into how many pieces work of about this many nanoseconds is best cut; 1 where sharing does not pay. */
    int pieces(long nanos) {
        return count == 1 || nanos < worthSharing ? 1 : PIECES_PER_THREAD * count;
    }

    /** A piece of a range. */
    interface Range {
        void run(int from, int to);
    }

    /**
     * Runs {@code body} over pieces of {@code 0 .. n-1}. How the range is cut depends on the number of threads: the body must
     * compute each element by itself.
     *
     * @param nanos what all of it takes on one thread, roughly
     */
    void forRange(int n, long nanos, Range body) {
        int pieces = Math.min(pieces(nanos), n);
        if (pieces <= 1) {
            body.run(0, n);
            return;
        }
        int step = (int) ((n + (long) pieces - 1) / pieces);
        parallelFor((n - 1) / step + 1, nanos, piece -> body.run(piece * step, (int) Math.min(n, (piece + 1L) * step)));
    }

    /**
     * Runs {@code body} for every chunk in {@code 0 .. chunks-1}, in any order and on any thread, and returns when all are done.
     * What one throws is thrown here, once no chunk is running any more.
     *
     * @param nanos what all chunks together take on one thread, roughly
     */
    void parallelFor(int chunks, long nanos, IntConsumer body) {
        ThreadPoolExecutor executor = helpers;
        if (executor == null || chunks <= 1 || nanos < worthSharing) {
            for (int chunk = 0; chunk < chunks; chunk++) {
                body.accept(chunk);
            }
            return;
        }
        Job job = new Job(chunks, body);
        for (int i = Math.min(count, chunks) - 1; i > 0 && reserveHelper(); i--) {
            executor.execute(() -> {
                try {
                    job.work();
                } finally {
                    busyHelpers.decrementAndGet();
                }
            });
        }
        job.work();
        job.await();
    }

    private boolean reserveHelper() {
        int busy = busyHelpers.get();
        while (busy < count - 1) {
            if (busyHelpers.compareAndSet(busy, busy + 1)) {
                return true;
            }
            busy = busyHelpers.get();
        }
        return false;
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
            for (int spins = 0; finished.get() < chunks; spins++) {
                if (spins < SPINS_BEFORE_PARKING) {
                    Thread.onSpinWait();
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
