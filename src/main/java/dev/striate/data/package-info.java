/** Data sets of labelled images, batches, transforms and downloads. */
@NullMarked
package dev.striate.data;

import org.jspecify.annotations.NullMarked;
