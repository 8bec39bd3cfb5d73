package dev.striate.autograd;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * While one is open on a thread, operations of that thread are not recorded: for evaluation and for changing parameters.
 *
 * <pre>{@code
 * try (NoGrad off = NoGrad.open()) {
 *     accuracy = evaluate(model, test);
 * }
 * }</pre>
 *
 * <p>Several may be open on a thread and may be closed in any order; it records again when all are closed. A {@code NoGrad}
 * belongs to the thread that opened it: if another thread closes it, recording resumes on the thread that opened it, and nothing
 * changes on the other.
 */
public final class NoGrad implements AutoCloseable {

    /** How many are open on a thread; atomic, as another thread may close one. */
    private static final ThreadLocal<AtomicInteger> OPEN = ThreadLocal.withInitial(AtomicInteger::new);

    private final AtomicInteger openOnItsThread = OPEN.get();
    private boolean closed;

    private NoGrad() {
        openOnItsThread.incrementAndGet();
    }

    public static NoGrad open() {
        return new NoGrad();
    }

    /** Whether operations of this thread are recorded now. */
    public static boolean recording() {
        return OPEN.get().get() == 0;
    }

    /** Ends this one; a second call does nothing. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            openOnItsThread.decrementAndGet();
        }
    }
}
