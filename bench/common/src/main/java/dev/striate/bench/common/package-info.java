/** What the benchmarks share: the work and its rows, timing in turns, checks of the results, probes and tables. */
@NullMarked
package dev.striate.bench.common;

import org.jspecify.annotations.NullMarked;
