package dev.striate;

/**
 * The result of {@link Tensor#topk}.
 *
 * @param values  the largest elements along the axis, the largest first
 * @param indices their positions along the axis, in the same shape
 */
public record TopK(Tensor values, IntTensor indices) {}
