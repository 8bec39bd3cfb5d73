/**
 * Writes the inner loops of the CPU backend. A loop is described once, in {@link dev.striate.generator.Expression}s of
 * what a lane computes and lines of plain Java around them; {@link dev.striate.generator.Loops} writes it on the Vector
 * API and as a scalar loop. Both perform the same operations in the same order, so they have the same bits. Tiles and
 * copies are written on the Vector API only, in one method per shape; one short scalar loop, written by hand, covers
 * all shapes.
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
 *
 * <p>The alternative was tried for sigmoid: a body written once against an interface of operations, and a hidden class
 * per function and version, so that each has a profile of its own. On vectors it took three times as long as the
 * generated loop, 1.3 and 1.0 ns per element instead of 0.45 and 0.33, because C2 does not inline all of the body and
 * then boxes vectors. Its scalar version took 6.6 ns instead of 3 to 5, and in the first quarter of a second, while the
 * interpreter boxes numbers, more than 100 ns instead of 4 (4,096 elements, one thread of an AMD EPYC with AVX-512, JDK
 * 17 and 25, 2026-11-30). Generated code can also be read and stepped through.
 */
@NullMarked
package dev.striate.generator;

import org.jspecify.annotations.NullMarked;
