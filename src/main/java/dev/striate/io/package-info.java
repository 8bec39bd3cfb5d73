/** Files of tensors and pictures. */
@NullMarked
package dev.striate.io;

import org.jspecify.annotations.NullMarked;
