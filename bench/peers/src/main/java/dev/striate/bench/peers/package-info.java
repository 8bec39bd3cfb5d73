/** The same work on Striate and on PyTorch through DJL, timed in turns. */
@NullMarked
package dev.striate.bench.peers;

import org.jspecify.annotations.NullMarked;
