/**
 * The contract of devices: buffers, one interface per kernel family, and geometry records that describe a call. This
 * package is independent of tensors and of the graph.
 */
@NullMarked
package dev.striate.backend;

import org.jspecify.annotations.NullMarked;
