/**
 * Operations: one class each with the shape rule, the forward call and the gradient rule. They are independent of the
 * backends.
 */
@NullMarked
package dev.striate.op;

import org.jspecify.annotations.NullMarked;
