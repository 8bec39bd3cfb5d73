/** The fast pure-Java path: a fixed thread pool, pooled {@code float} arrays, blocked and packed kernels. */
@NullMarked
package dev.striate.backend.cpu;

import org.jspecify.annotations.NullMarked;
