package dev.striate.autograd;

import dev.striate.Tensor;
import org.jspecify.annotations.Nullable;

/** Computes the gradients of several inputs together, or into memory from {@link Targets}. */
@FunctionalInterface
public interface JointGradientRule {

    /**
     * @param dy      the gradient of the output
     * @param saved   the tensors passed to {@link Recorder#inputs}
     * @param targets describes which inputs need a gradient, and provides memory for it
     * @return one gradient per input; ignored for inputs that need none
     */
    @Nullable
    Tensor[] gradients(Tensor dy, Saved saved, Targets targets);
}
