/**
 * What the public classes of {@code dev.striate} hide from programs. {@link dev.striate.internal.Internals} is the only
 * way there.
 */
@NullMarked
package dev.striate.internal;

import org.jspecify.annotations.NullMarked;
