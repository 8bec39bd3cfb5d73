package dev.striate.internal;

import java.util.concurrent.atomic.AtomicInteger;

/** Counts the references to memory and releases it when the last one is dropped. */
public class References {

    private final AtomicInteger count = new AtomicInteger(1);
    private Runnable release;

    /** Starts with one reference. */
    public References(Runnable release) {
        this.release = release;
    }

    /** Adds a reference. */
    public final void retain() {
        count.incrementAndGet();
    }

    /** Removes a reference. */
    public final void drop() {
        if (count.decrementAndGet() == 0) {
            release.run();
        }
    }

    /** Returns whether there is more than one reference. */
    public final boolean isShared() {
        return count.get() > 1;
    }

    /** Releases the memory now, and from now on refers to that of {@code target}. */
    final void redirect(References target) {
        Runnable before = release;
        target.retain();
        release = target::drop;
        before.run();
    }
}
