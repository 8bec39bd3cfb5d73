package dev.striate.autograd;

import dev.striate.Tensor;
import org.jspecify.annotations.Nullable;

/** How the gradients of several inputs follow together, where computing them apart would repeat work. */
@FunctionalInterface
public interface JointGradientRule {

    /**
     * @param dy     the gradient of the output
     * @param saved  what {@link Recorder#inputs} was told to save
     * @param wanted which of the inputs need a gradient
     * @return one gradient per input; null, or anything, where none is wanted
     */
    @Nullable Tensor[] gradients(Tensor dy, Saved saved, boolean[] wanted);
}
