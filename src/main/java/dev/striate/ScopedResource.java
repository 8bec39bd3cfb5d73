package dev.striate;

import org.jspecify.annotations.Nullable;

/** Something that holds device memory and that the innermost open {@link Scope} closes unless somebody does so before. */
public abstract class ScopedResource implements AutoCloseable {

    /** The scope that will close this, null if none will. */
    @Nullable Scope owner;

    /** Gives the memory back. A second call does nothing. */
    @Override
    public abstract void close();
}
