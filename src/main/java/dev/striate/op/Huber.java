package dev.striate.op;

import dev.striate.LossReduction;
import dev.striate.ShapeException;
import dev.striate.Tensor;

/**
 * {@code d^2 / 2} for a distance d below delta, {@code delta (d - delta / 2)} elsewhere (Huber, 1964); as
 * {@code c (d - c / 2)} with {@code c = min(d, delta)}.
 */
public final class Huber {

    private Huber() {}

    /** @throws ShapeException if the shapes differ or delta is not above 0 */
    public static Tensor apply(Tensor x, Tensor target, float delta, LossReduction reduction) {
        Losses.requireSameShape("huber", x, target);
        if (!(delta > 0)) {
            throw new ShapeException("huber: expected a delta above 0, got " + delta);
        }
        try (Tensor difference = x.sub(target);
                Tensor distance = difference.abs();
                Tensor limited = distance.clamp(0, delta);
                Tensor half = limited.mul(0.5f);
                Tensor rest = distance.sub(half);
                Tensor losses = limited.mul(rest)) {
            return Losses.reduce(losses, reduction);
        }
    }
}
