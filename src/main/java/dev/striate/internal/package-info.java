/**
 * What the public classes of {@code dev.striate} hide from programs. {@link dev.striate.internal.Internals} is the only
 * way there. {@link dev.striate.internal.NamePattern} is shared by blocks and optimisers.
 */
@NullMarked
package dev.striate.internal;

import org.jspecify.annotations.NullMarked;
