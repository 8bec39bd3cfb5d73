package dev.striate.backend;

/**
 * The statistics by which elements are normalised.
 *
 * @param ofBatch whether these are the statistics of the elements themselves, or given ones
 * @param mean    one element per channel
 * @param spread  one element per channel: {@code 1 / sqrt(variance + epsilon)} of a batch, whose variance itself may
 *     exceed float32; the variance if it is given
 */
public record NormStatistics(boolean ofBatch, Buffer mean, Buffer spread) {}
