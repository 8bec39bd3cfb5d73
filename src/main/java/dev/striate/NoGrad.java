package dev.striate;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Turns off the recording of operations on the current thread while it is open, for evaluation and for changes of
 * parameters.
 *
 * <pre>{@code
 * try (NoGrad off = NoGrad.open()) {
 *     accuracy = evaluate(model, test);
 * }
 * }</pre>
 *
 * <p>Several may be open on a thread and may be closed in any order; it records again when all are closed. A {@code
 * NoGrad} belongs to the thread that opened it: if another thread closes it, recording resumes on the thread that
 * opened it, and nothing changes on the other.
 */
public final class NoGrad implements AutoCloseable {

    /** The number of open instances per thread; atomic, because another thread may close one. */
    private static final ThreadLocal<AtomicInteger> OPEN = ThreadLocal.withInitial(AtomicInteger::new);

    private final AtomicInteger openOnItsThread = OPEN.get();
    private boolean closed;

    private NoGrad() {
        openOnItsThread.incrementAndGet();
    }

    public static NoGrad open() {
        return new NoGrad();
    }

    /** Returns whether operations of this thread are currently recorded. */
    public static boolean recording() {
        return OPEN.get().get() == 0;
    }

    /** Closes this instance. A second call has no effect. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            openOnItsThread.decrementAndGet();
        }
    }
}
