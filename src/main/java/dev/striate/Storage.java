package dev.striate;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * A device buffer and who uses it. Tensors that share memory and tensors saved for a backward pass each hold one reference; the
 * last to let go returns the buffer to the device's pool.
 */
final class Storage {

    private final Runnable release;
    private final AtomicInteger references = new AtomicInteger(1);
    private final AtomicInteger version = new AtomicInteger();

    Storage(Runnable release) {
        this.release = release;
    }

    Storage retain() {
        references.incrementAndGet();
        return this;
    }

    void drop() {
        if (references.decrementAndGet() == 0) {
            release.run();
        }
    }

    boolean isShared() {
        return references.get() > 1;
    }

    /** Grows with every change in place. */
    int version() {
        return version.get();
    }

    void changed() {
        version.incrementAndGet();
    }
}
