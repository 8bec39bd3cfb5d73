/**
 * The graph of what was computed and its reverse walk. Knows no operation by name. First order only: gradients are not recorded
 * themselves.
 */
@NullMarked
package dev.striate.autograd;

import org.jspecify.annotations.NullMarked;
