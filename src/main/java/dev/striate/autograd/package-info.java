/**
 * The graph of recorded operations and the backward pass. This package is independent of the operations. Gradients are
 * first-order only: the backward pass is not recorded.
 */
@NullMarked
package dev.striate.autograd;

import org.jspecify.annotations.NullMarked;
