/** Labelled images, how they come in batches, and what is done to them on the way. */
@NullMarked
package dev.striate.data;

import org.jspecify.annotations.NullMarked;
