/**
 * What a device must be able to do: buffers, one interface of kernels per family, and the geometry records that describe a call.
 * Knows nothing of tensors, gradients or the graph.
 */
@NullMarked
package dev.striate.backend;

import org.jspecify.annotations.NullMarked;
