/** Tensors, shapes, devices, scopes, random numbers and exceptions. */
@NullMarked
package dev.striate;

import org.jspecify.annotations.NullMarked;
