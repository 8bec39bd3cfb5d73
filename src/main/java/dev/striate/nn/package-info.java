/**
 * Layers, containers and initialisers. Constructors define the structure; {@code initialize} allocates the parameters.
 */
@NullMarked
package dev.striate.nn;

import org.jspecify.annotations.NullMarked;
