package dev.striate;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A reference-counted device buffer. Each handle on the memory and each tensor saved for a backward pass holds one
 * reference. When the last one is dropped, the buffer returns to the device's pool. All users get the buffer from here,
 * so {@link #moveTo} moves them together.
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

    /** Returns a storage for part or all of another storage's memory. Its pending fills and version are separate. */
    static <B> Storage<B> within(Storage<?> owner, B buffer) {
        return new Storage<>(buffer, owner.retain()::drop);
    }

    /** Returns the buffer. The caller must execute a pending fill. */
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

    /** Returns the number of changes in place. */
    int version() {
        return version.get();
    }

    void changed() {
        version.incrementAndGet();
    }

    /** Returns the fill, which may be pending or done; null if fills are executed immediately. */
    @Nullable
    PendingFill pending() {
        return pending;
    }

    /** Defers all fills from now on until the memory is used. */
    void deferFills() {
        if (pending == null) {
            pending = new PendingFill();
        }
    }
}
