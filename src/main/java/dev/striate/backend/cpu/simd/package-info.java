/**
 * The inner loops of the CPU backend. Only this package imports {@code jdk.incubator.vector}.
 *
 * <p>Each loop has two versions with the same bits: a vector version ({@code Vector...}) and a scalar version ({@code
 * Scalar...}). The scalar version runs until C2 has compiled the vector version, and everywhere if the module is
 * missing. {@code Warming...} switches from one to the other, kernel by kernel, when {@link
 * dev.striate.backend.cpu.simd.WarmUp} allows it. Most of these classes are generated: {@code src/generator} describes
 * each loop once, and the build writes both versions to {@code target/generated-sources/loops}, where they can be read
 * and debugged. Loops that move values between lanes are written by hand: {@code VectorPooling}, {@code VectorCopies}
 * and their scalar versions.
 *
 * <p>The interfaces are the contracts, one per family: {@link dev.striate.backend.cpu.simd.ElementwiseKernels}, {@link
 * dev.striate.backend.cpu.simd.ReductionKernels} (sums and pooling), {@link
 * dev.striate.backend.cpu.simd.ProductKernels}, {@link dev.striate.backend.cpu.simd.ConvKernels}, {@link
 * dev.striate.backend.cpu.simd.DotTiles} and {@link dev.striate.backend.cpu.simd.WinogradKernels}. {@link
 * dev.striate.backend.cpu.simd.Shapes} selects the tiles by the number of vector registers. Inner loops take arrays and
 * offsets instead of records, so that C2 needs to inline less.
 *
 * <p>C2 is 15 to 100 times slower if it boxes vectors. It keeps them in registers if the species is a static constant,
 * every vector is a local variable of one method, no other width of float vectors is used anywhere, and methods are
 * small enough to be inlined completely.
 */
@NullMarked
package dev.striate.backend.cpu.simd;

import org.jspecify.annotations.NullMarked;
