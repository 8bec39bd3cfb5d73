package dev.striate.io;

import java.util.concurrent.Semaphore;

/**
 * A number of bytes of memory. Each thread takes a share while it works; threads wait in order until enough is free.
 */
final class MemoryBudget {

    private static final int UNIT = 1024;

    private final int units;
    private final Semaphore free;

    MemoryBudget(long bytes) {
        units = (int) Math.min(Integer.MAX_VALUE, bytes / UNIT);
        // Fair, because otherwise a thread with a large share could wait forever behind small ones.
        free = new Semaphore(units, true);
    }

    /** Waits for a share. A share that exceeds the budget takes the whole budget. */
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
