/** Layers, containers and initialisers: structure first, memory when {@code initialize} is called. */
@NullMarked
package dev.striate.nn;

import org.jspecify.annotations.NullMarked;
