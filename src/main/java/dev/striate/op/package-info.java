/** One file per operation: its shape rule, its forward call, its gradient rule. Knows no backend by name. */
@NullMarked
package dev.striate.op;

import org.jspecify.annotations.NullMarked;
