package dev.striate;

import org.jspecify.annotations.Nullable;

/** A holder of device memory. The innermost open {@link Scope} closes it unless it is closed earlier. */
public abstract class ScopedResource implements AutoCloseable {

    /** The scope that will close this, null if none will. */
    @Nullable
    Scope owner;

    /** Releases the memory. A second call has no effect. */
    @Override
    public abstract void close();
}
