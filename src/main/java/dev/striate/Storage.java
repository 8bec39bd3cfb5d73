package dev.striate;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A reference-counted device buffer. Each handle on the memory and each tensor saved for a backward pass holds one reference; the
 * last one to be dropped returns the buffer to the pool of the device. All users look the buffer up here, so that {@link #moveTo}
 * moves them together.
 *
 * @param <B> the kind of buffer
 */
final class Storage<B> {

    private final AtomicInteger references = new AtomicInteger(1);
    private final AtomicInteger version = new AtomicInteger();
    private B buffer;
    private Runnable release;
    private @Nullable PendingFill pending;

    Storage(B buffer, Runnable release) {
        this.buffer = buffer;
        this.release = release;
    }

    /** Part or all of another storage's memory, with pending fills and versions of its own. */
    static <B> Storage<B> within(Storage<?> owner, B buffer) {
        return new Storage<>(buffer, owner.retain()::drop);
    }

    /** The buffer as it is: a pending fill is the caller's to make. */
    B buffer() {
        return buffer;
    }

    Storage<B> retain() {
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

    /** Replaces this buffer by that of {@code target}, into which the caller has copied the contents. */
    void moveTo(Storage<B> target) {
        Runnable releaseOld = release;
        buffer = target.buffer;
        release = target.retain()::drop;
        releaseOld.run();
    }

    /** Counts the changes in place. */
    int version() {
        return version.get();
    }

    void changed() {
        version.incrementAndGet();
    }

    /** The fill that is due or was, null if fills are made at once. */
    @Nullable PendingFill pending() {
        return pending;
    }

    /** From now on fills wait until somebody uses the memory. */
    void deferFills() {
        if (pending == null) {
            pending = new PendingFill();
        }
    }
}
