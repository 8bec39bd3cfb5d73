package dev.striate.backend;

/**
 * One step of stochastic gradient descent.
 *
 * @param firstStep whether the velocity is set to this gradient, without dampening
 */
public record SgdStep(
        float learningRate, float momentum, float dampening, float weightDecay, boolean nesterov, boolean firstStep) {}
