/**
 * Pictures of networks and of their trainings, as PNG files, and a page that shows them. They need no screen, but a font; charts
 * need XChart, which is optional to those who depend on this library.
 */
@NullMarked
package dev.striate.plot;

import org.jspecify.annotations.NullMarked;
