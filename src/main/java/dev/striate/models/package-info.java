/** Ready-made networks, and model files that describe them. */
@NullMarked
package dev.striate.models;

import org.jspecify.annotations.NullMarked;
