package dev.striate.autograd;

import dev.striate.Tensor;
import org.jspecify.annotations.Nullable;

/** How the gradients of several inputs follow together, or where their memory comes from {@link Targets}. */
@FunctionalInterface
public interface JointGradientRule {

    /**
     * @param dy      the gradient of the output
     * @param saved   what {@link Recorder#inputs} was told to save
     * @param targets which of the inputs need a gradient, and where it can be written
     * @return one gradient per input; null, or anything, where none is wanted
     */
    @Nullable Tensor[] gradients(Tensor dy, Saved saved, Targets targets);
}
