/** Data sets of images with labels or other targets, batches, transforms and downloads. */
@NullMarked
package dev.striate.data;

import org.jspecify.annotations.NullMarked;
