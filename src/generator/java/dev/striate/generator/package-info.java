/**
 * Writes the inner loops of the CPU backend. A loop is described once, in {@link dev.striate.generator.Expression}s of
 * what a lane computes and lines of plain Java around them; {@link dev.striate.generator.Loops} writes it on the Vector
 * API and as a scalar loop. Both perform the same operations in the same order, so they have the same bits.
 *
 * <ul>
 *   <li>{@link dev.striate.generator.Functions}: functions of one element, such as exp and gelu, and their derivatives.
 *   <li>{@link dev.striate.generator.Updates}: element-wise loops of several operands, such as a step of Adam.
 *   <li>{@link dev.striate.generator.Sums}: sums and dot products along a run.
 *   <li>{@link dev.striate.generator.Tiles}: tiles of products, rows x vectors.
 *   <li>{@link dev.striate.generator.Winograd}: the transforms of Winograd's convolution.
 *   <li>{@link dev.striate.generator.Copies}: copies of lines of pixels.
 *   <li>{@link dev.striate.generator.Warming}: the switch from the scalar version to the vector version.
 * </ul>
 */
@NullMarked
package dev.striate.generator;

import org.jspecify.annotations.NullMarked;
