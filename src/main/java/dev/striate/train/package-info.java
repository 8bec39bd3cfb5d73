/** The training loop, evaluation, and those who listen. */
@NullMarked
package dev.striate.train;

import org.jspecify.annotations.NullMarked;
