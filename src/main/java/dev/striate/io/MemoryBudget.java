package dev.striate.io;

import java.util.concurrent.Semaphore;

/** Bytes of memory, of which each thread takes a share while it works; threads wait in order until theirs is free. */
final class MemoryBudget {

    private static final int UNIT = 1024;

    private final int units;
    private final Semaphore free;

    MemoryBudget(long bytes) {
        units = (int) Math.min(Integer.MAX_VALUE, bytes / UNIT);
        // Fair, or a large share would wait until nobody wants a small one.
        free = new Semaphore(units, true);
    }

    /** Waits for a share; one that is larger than the budget is all of it. */
    Share take(long bytes) {
        int share = (int) Math.min(units, bytes / UNIT);
        free.acquireUninterruptibly(share);
        return () -> free.release(share);
    }

    interface Share extends AutoCloseable {

        @Override
        void close();
    }
}
