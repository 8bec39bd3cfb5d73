package dev.striate.op;

import dev.striate.ShapeException;
import dev.striate.Tensor;

/**
 * The mean squared difference, made of other operations: no fused kernel would earn its keep. As in PyTorch, a difference above
 * 1.8e19, whose square exceeds float32, makes it infinite.
 */
public final class Mse {

    private Mse() {}

    /** @throws ShapeException if the shapes differ */
    public static Tensor apply(Tensor x, Tensor target) {
        x.requireDevice("mse", target);
        if (!x.shape().equals(target.shape())) {
            throw new ShapeException("mse: expected two tensors of the same shape, got " + x.shape() + " and " + target.shape());
        }
        try (Tensor difference = x.sub(target); Tensor squares = difference.pow(2)) {
            return squares.mean();
        }
    }
}
