/**
 * The commands of {@code ./striate}. The only package that uses picocli and the progress bar; no package depends on it.
 */
@NullMarked
package dev.striate.cli;

import org.jspecify.annotations.NullMarked;
