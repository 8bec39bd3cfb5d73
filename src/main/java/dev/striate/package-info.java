/** Tensors, shapes, devices and the exceptions: what nearly every program imports. */
@NullMarked
package dev.striate;

import org.jspecify.annotations.NullMarked;
