package dev.striate.train;

/**
 * The best epoch so far, of which {@link TrainedWeights} has the weights.
 *
 * @param epoch counted from 1
 * @param score see {@link Monitor#score}
 */
record BestEpoch(int epoch, double score) {}
