/** Tensors and pictures in files. */
@NullMarked
package dev.striate.io;

import org.jspecify.annotations.NullMarked;
