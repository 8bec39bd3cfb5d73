/**
 * Pictures of networks and training runs as PNG files, and an HTML report that shows them. Drawing works without a
 * display but needs a font. {@link dev.striate.plot.Curves} needs XChart, an optional dependency of this library.
 */
@NullMarked
package dev.striate.plot;

import org.jspecify.annotations.NullMarked;
