package dev.striate.op;

import dev.striate.LossReduction;
import dev.striate.ShapeException;
import dev.striate.Tensor;

/**
 * The focal loss of logits against targets 0 and 1 (Lin et al., 2017): the {@link BinaryCrossEntropy binary
 * cross-entropy} times {@code a (1 - p)^gamma}, where p is the probability of the target, and a is alpha for targets 1
 * and 1 - alpha for targets 0. As in torchvision, a negative alpha means no weights.
 */
public final class FocalLoss {

    private FocalLoss() {}

    /** @throws ShapeException if the shapes differ, alpha is above 1, or gamma is negative */
    public static Tensor apply(Tensor logits, Tensor targets, float alpha, float gamma, LossReduction reduction) {
        Losses.requireSameShape("focalLoss", logits, targets);
        if (!(alpha <= 1) || !(gamma >= 0)) {
            throw new ShapeException("focalLoss: expected an alpha of at most 1 and a gamma of at least 0, got " + alpha
                    + " and " + gamma);
        }
        try (Tensor entropy = BinaryCrossEntropy.losses(logits, targets, null);
                Tensor rest = Unary.affine("focalLoss", targets, -1, 1);
                // 1 - p, without a difference: each side's own sigmoid.
                Tensor opposite = logits.neg();
                Tensor failed = opposite.sigmoid();
                Tensor raised = logits.sigmoid();
                Tensor ofPositive = targets.mul(failed);
                Tensor ofNegative = rest.mul(raised);
                Tensor missing = ofPositive.add(ofNegative);
                Tensor factor = missing.pow(gamma);
                Tensor focused = entropy.mul(factor);
                Tensor weights = alpha < 0
                        ? Tensor.scalar(logits.device(), 1)
                        : Unary.affine("focalLoss", targets, 2.0 * alpha - 1, 1.0 - alpha);
                Tensor losses = focused.mul(weights)) {
            return Losses.reduce(losses, reduction);
        }
    }
}
