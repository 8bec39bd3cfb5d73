/**
 * The inner loops of the CPU backend. Only this package imports {@code jdk.incubator.vector}.
 *
 * <p>Each loop has two versions with the same bits: one on the Vector API ({@code Vector...}), and a scalar twin
 * ({@code Scalar...}), which runs until C2 has compiled the vector version, and everywhere if the module is missing.
 * {@code Warming...} switches from one to the other, kernel by kernel, as {@link dev.striate.backend.cpu.simd.WarmUp}
 * decides. Most of these classes are generated: {@code src/generator} describes each loop once, and the build writes
 * both versions to {@code target/generated-sources/loops}, where they can be read and debugged. What turns lanes
 * against each other is written by hand: {@code VectorPooling}, {@code VectorCopies} and their scalar twins.
 *
 * <p>The interfaces are the contracts, one per family: {@link dev.striate.backend.cpu.simd.ElementwiseKernels}, {@link
 * dev.striate.backend.cpu.simd.FlatKernels} (sums and pooling), {@link dev.striate.backend.cpu.simd.ProductKernels},
 * {@link dev.striate.backend.cpu.simd.ConvKernels}, {@link dev.striate.backend.cpu.simd.DotTiles} and {@link
 * dev.striate.backend.cpu.simd.WinogradKernels}. {@link dev.striate.backend.cpu.simd.Shapes} chooses the tiles by the
 * number of vector registers.
 *
 * <p>C2 keeps vectors in registers only under conditions, and is 15 to 100 times slower if it boxes them: the species
 * is a static constant, every vector is a local variable of one method, no other width of float vectors is used
 * anywhere, and methods stay small enough to be inlined as a whole.
 */
@NullMarked
package dev.striate.backend.cpu.simd;

import org.jspecify.annotations.NullMarked;
