package dev.striate.op;

import static dev.striate.internal.Internals.requireSameDevice;

import dev.striate.ShapeException;
import dev.striate.Tensor;

/**
 * The mean squared difference, composed of other operations because a fused kernel would gain too little. As in
 * PyTorch, it is infinite if a difference exceeds 1.8e19, whose square exceeds float32; the gradient is finite.
 */
public final class Mse {

    private Mse() {}

    /** @throws ShapeException if the shapes differ */
    public static Tensor apply(Tensor x, Tensor target) {
        requireSameDevice("mse", x, target);
        if (!x.shape().equals(target.shape())) {
            throw new ShapeException(
                    "mse: expected two tensors of the same shape, got " + x.shape() + " and " + target.shape());
        }
        // Not pow(2), whose derivative, twice the difference, may overflow.
        try (Tensor difference = x.sub(target);
                Tensor squares = difference.mul(difference)) {
            return squares.mean();
        }
    }
}
