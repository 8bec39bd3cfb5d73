package dev.striate.backend;

/**
 * One step of stochastic gradient descent.
 *
 * @param firstStep whether the velocity starts with this gradient, undamped
 */
public record SgdStep(
        float learningRate, float momentum, float dampening, float weightDecay, boolean nesterov, boolean firstStep) {}
