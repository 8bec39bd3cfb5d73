package dev.striate.op;

import dev.striate.LossReduction;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Binary cross-entropy of logits x against targets t from 0 to 1, {@code -t log s(x) - (1 - t) log(1 - s(x))} with the
 * sigmoid s; as {@code w t softplus(-x) + (1 - t) softplus(x)}, which neither overflows nor cancels.
 */
public final class BinaryCrossEntropy {

    private BinaryCrossEntropy() {}

    /**
     * @param positiveWeight the weight w of the first term, broadcast to the logits; null for 1
     * @throws ShapeException if the shapes do not fit
     */
    public static Tensor withLogits(
            Tensor logits, Tensor targets, @Nullable Tensor positiveWeight, LossReduction reduction) {
        Losses.requireSameShape("binaryCrossEntropyWithLogits", logits, targets);
        try (Tensor losses = losses(logits, targets, positiveWeight)) {
            return Losses.reduce(losses, reduction);
        }
    }

    static Tensor losses(Tensor logits, Tensor targets, @Nullable Tensor positiveWeight) {
        try (Tensor opposite = logits.neg();
                Tensor ofPositive = opposite.softplus();
                Tensor ofNegative = logits.softplus();
                Tensor rest = Unary.affine("binaryCrossEntropyWithLogits", targets, -1, 1);
                Tensor positive = targets.mul(ofPositive);
                Tensor negative = rest.mul(ofNegative)) {
            if (positiveWeight == null) {
                return positive.add(negative);
            }
            try (Tensor weighted = positive.mul(positiveWeight)) {
                return weighted.add(negative);
            }
        }
    }
}
