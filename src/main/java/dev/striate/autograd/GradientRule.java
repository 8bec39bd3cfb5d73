package dev.striate.autograd;

import dev.striate.Tensor;

/**
 * Computes the gradient of one input from the gradient of the output. Called inside a scope, while recording is off.
 */
@FunctionalInterface
public interface GradientRule {

    /**
     * @param dy    the gradient of the loss with respect to the output of the operation, in its shape
     * @param saved the tensors passed to {@link Recorder#input}
     * @return the gradient with respect to the input, in its shape; may be {@code dy} itself
     */
    Tensor gradient(Tensor dy, Saved saved);
}
