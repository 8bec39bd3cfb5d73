/** The commands of {@code ./striate}. The only package that knows picocli and the progress bar; nothing depends on it. */
@NullMarked
package dev.striate.cli;

import org.jspecify.annotations.NullMarked;
