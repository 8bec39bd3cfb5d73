package dev.striate.backend;

/**
 * Statistics of all batches so far: each batch moves them to {@code (1 - momentum) running + momentum batch}.
 *
 * @param mean     one element per channel
 * @param variance one element per channel; the unbiased variance, which is divided by M - 1
 */
public record RunningStatistics(float momentum, Buffer mean, Buffer variance) {}
