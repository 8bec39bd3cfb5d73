package dev.striate.autograd;

/**
 * While one is open on a thread, operations of that thread are not recorded: for evaluation and for changing parameters.
 *
 * <pre>{@code
 * try (NoGrad off = NoGrad.open()) {
 *     accuracy = evaluate(model, test);
 * }
 * }</pre>
 */
public final class NoGrad implements AutoCloseable {

    private static final ThreadLocal<Integer> DEPTH = ThreadLocal.withInitial(() -> 0);

    private boolean closed;

    private NoGrad() {}

    public static NoGrad open() {
        DEPTH.set(DEPTH.get() + 1);
        return new NoGrad();
    }

    /** Whether operations of this thread are recorded now. */
    public static boolean recording() {
        return DEPTH.get() == 0;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            DEPTH.set(DEPTH.get() - 1);
        }
    }
}
