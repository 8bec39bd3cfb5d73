/**
 * The inner loops of the CPU backend. Only this package imports {@code jdk.incubator.vector}.
 *
 * <p>Each loop has two versions with the same bits: a vector version ({@code Vector...}) and a scalar version ({@code
 * Scalar...}). The scalar version runs until C2 has compiled the vector version, and everywhere if the module is
 * missing. {@code Warming...} switches from one to the other, kernel by kernel, when {@link
 * dev.striate.backend.cpu.simd.WarmUp} allows it. Most loops are generated: {@code src/generator} describes each loop
 * once, and the build writes it to {@code target/generated-sources/loops}, where it can be read and debugged. Loops
 * that move values between lanes are written by hand, and so are the scalar versions of tiles and copies. A generated
 * class extends the one written by hand:
 *
 * <table>
 *   <caption>Classes by family</caption>
 *   <tr><th>Interface</th><th>generated</th><th>by hand</th></tr>
 *   <tr><td>ElementwiseKernels</td><td>Vector..., Scalar...</td><td></td></tr>
 *   <tr><td>ReductionKernels</td><td>Vector..., Scalar...</td><td>VectorPooling, ScalarPooling</td></tr>
 *   <tr><td>ProductKernels</td><td>Vector..., Scalar...</td><td>ScalarProductTiles</td></tr>
 *   <tr><td>ConvKernels</td><td>VectorConvKernels</td><td>VectorCopies, ScalarConvKernels</td></tr>
 *   <tr><td>DotTiles</td><td>VectorDotTiles</td><td>ScalarDotTiles</td></tr>
 *   <tr><td>WinogradKernels</td><td>Vector..., Scalar...</td><td>WinogradLoops, ScalarWinogradTiles</td></tr>
 * </table>
 *
 * <p>To add a loop, add a method to its interface, describe it in the generator, and add a small call of it to {@code
 * WarmUpCalls}. The generator reads the interfaces as text: a method returns {@code void} or {@code double}, and one
 * whose first parameter is {@code kind} is a kernel of its own for each function.
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
