package dev.striate.op;

import dev.striate.LossReduction;
import dev.striate.Tensor;

/**
 * The squared difference, composed of other operations because a fused kernel would gain too little. As in PyTorch, it
 * is infinite if a difference exceeds 1.8e19, whose square exceeds float32; the gradient is finite.
 */
public final class Mse {

    private Mse() {}

    /** @throws dev.striate.ShapeException if the shapes differ */
    public static Tensor apply(Tensor x, Tensor target, LossReduction reduction) {
        Losses.requireSameShape("mse", x, target);
        // Not pow(2), whose derivative, twice the difference, may overflow.
        try (Tensor difference = x.sub(target);
                Tensor squares = difference.mul(difference)) {
            return Losses.reduce(squares, reduction);
        }
    }
}
