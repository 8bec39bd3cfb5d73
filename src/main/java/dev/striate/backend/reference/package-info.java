/** The specification: plain loops over {@code double} values, slow and obvious. */
@NullMarked
package dev.striate.backend.reference;

import org.jspecify.annotations.NullMarked;
