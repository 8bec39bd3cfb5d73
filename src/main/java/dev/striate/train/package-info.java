/** The training loop, evaluation, checkpoints and listeners. */
@NullMarked
package dev.striate.train;

import org.jspecify.annotations.NullMarked;
