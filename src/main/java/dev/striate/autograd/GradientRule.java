package dev.striate.autograd;

import dev.striate.Tensor;

/** How the gradient of one input follows from the gradient of the output. Called with recording off, inside a scope. */
@FunctionalInterface
public interface GradientRule {

    /**
     * @param dy    the loss's gradient with respect to the operation's output, in the output's shape
     * @param saved what {@link Recorder#input} was told to save
     * @return the gradient with respect to the input, in the input's shape; it may be {@code dy} itself
     */
    Tensor gradient(Tensor dy, Saved saved);
}
