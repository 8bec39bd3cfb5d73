package dev.striate;

/**
 * The result of {@link Tensor#maxPool2dWithIndices}.
 *
 * @param output  the maxima, {@code (N, C, OH, OW)}
 * @param indices their positions in the plane, {@code row * W + column}, in the same shape; -1 for a window without
 *     pixels
 */
public record MaxPool2dResult(Tensor output, IntTensor indices) {}
