package dev.striate.internal;

import dev.striate.backend.Backend;
import dev.striate.backend.Buffer;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The memory of tensors. Each handle on the memory and each tensor saved for a backward pass holds one reference; when
 * the last one is dropped, the buffer returns to the device's pool. All users get the buffer from here, so {@link
 * #moveTo} moves them together.
 *
 * <p>A fill can be deferred until the memory is used. It is cancelled if every element is written before, and operations
 * can ask {@link #isKnown} instead of reading the values.
 */
public final class Storage extends References {

    private final Backend backend;
    private final AtomicInteger version = new AtomicInteger();
    private Buffer buffer;
    private boolean defersFills;
    private boolean fillPending;
    private float fillValue;

    private Storage(Backend backend, Buffer buffer, Runnable release) {
        super(release);
        this.backend = backend;
        this.buffer = buffer;
    }

    /** Returns memory from the pool with undefined values. */
    static Storage allocate(Backend backend, int length) {
        Buffer buffer = backend.allocate(length);
        return new Storage(backend, buffer, () -> backend.release(buffer));
    }

    /**
     * Returns a storage for a part of this memory. Its pending fills and its version are separate.
     *
     * @param offset a multiple of {@link Backend#sliceAlignment()}
     */
    Storage part(int offset, int length) {
        return within(buffer().slice(offset, length));
    }

    /** Returns a storage for the same memory. Pending fills do not affect it, and its version is separate. */
    Storage alias() {
        return within(buffer);
    }

    private Storage within(Buffer part) {
        retain();
        return new Storage(backend, part, this::drop);
    }

    /**
     * Returns the buffer, after executing a pending fill. Kernels read it, and write it only if the tensor was just
     * allocated.
     */
    public Buffer buffer() {
        if (fillPending) {
            fillNow(fillValue);
            fillPending = false;
        }
        return buffer;
    }

    /** Returns the buffer for writing every element. Cancels a pending fill. */
    public Buffer overwrite() {
        cancelFill();
        return buffer;
    }

    // ---- Fills

    /** Sets all elements, now or, after {@link #deferFills}, when the memory is used. */
    public void fill(float value) {
        if (defersFills) {
            fillValue = value;
            fillPending = true;
        } else {
            fillNow(value);
        }
    }

    private void fillNow(float value) {
        if (buffer.length() > 0) {
            backend.kernels().copy().fill(value, buffer);
        }
    }

    /** Defers all fills from now on until the memory is used. */
    public void deferFills() {
        defersFills = true;
    }

    /** Cancels a pending fill. Call this after writing every element directly in flat storage. */
    public void cancelFill() {
        fillPending = false;
    }

    /** Returns whether a fill with {@code value} is pending, so that all elements are known without reading them. */
    public boolean isKnown(float value) {
        return fillPending && fillValue == value;
    }

    /** Returns whether a fill with any value is pending. */
    public boolean isFillPending() {
        return fillPending;
    }

    // ---- Versions and moves

    /** Returns the number of changes in place. */
    public int version() {
        return version.get();
    }

    /** Counts a change in place. Call this after changing the memory. */
    public void markChanged() {
        version.incrementAndGet();
    }

    /** Replaces this buffer by that of {@code target}, into which the caller has copied the values. */
    public void moveTo(Storage target) {
        buffer = target.buffer;
        redirect(target);
    }
}
