package dev.striate;

/**
 * The result of {@link Tensor#crossEntropyWithPredictions}.
 *
 * @param loss        the loss, reduced as requested
 * @param predictions the class of the largest logit, the first one for ties, in the shape of the labels
 */
public record CrossEntropyResult(Tensor loss, IntTensor predictions) {}
