/** Optimisers over flat storage, gradient clipping and learning-rate schedules. */
@NullMarked
package dev.striate.optim;

import org.jspecify.annotations.NullMarked;
