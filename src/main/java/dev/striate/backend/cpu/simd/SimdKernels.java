package dev.striate.backend.cpu.simd;

/**
 * The inner loops whose speed decides everything, by family. A loop has two versions, on vectors and scalar, that
 * compute the same bits.
 *
 * @param description  what runs, for people: {@code Vector API 512 bit}
 * @param isVectorized whether there are vectors. Without them, {@code dotTiles} and {@code winograd} do not pay: C2
 *     does not vectorize sums by itself, and combining tiles costs what is saved
 */
public record SimdKernels(
        String description,
        boolean isVectorized,
        ElementwiseKernels elementwise,
        ReductionKernels reductions,
        ProductKernels products,
        ConvKernels convolution,
        DotTiles dotTiles,
        WinogradKernels winograd) {}
