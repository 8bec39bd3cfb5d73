package dev.striate.op;

import dev.striate.LossReduction;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import java.util.stream.IntStream;

/**
 * The soft Dice loss of logits against targets from 0 to 1, per example: {@code 1 - (2 sum(p t) + smooth) / (sum(p) +
 * sum(t) + smooth)} with the sigmoid p of the logits, over all axes but the first (Sudre et al., 2017).
 */
public final class DiceLoss {

    private DiceLoss() {}

    /** @throws ShapeException if the shapes differ, there is only one axis, or smooth is negative */
    public static Tensor apply(Tensor logits, Tensor targets, float smooth, LossReduction reduction) {
        Losses.requireSameShape("diceLoss", logits, targets);
        int rank = logits.shape().rank();
        if (rank < 2 || !(smooth >= 0)) {
            throw new ShapeException("diceLoss: expected examples (N, ...) and a smooth of at least 0, got "
                    + logits.shape() + " and " + smooth);
        }
        int[] axes = IntStream.range(1, rank).toArray();
        try (Tensor p = logits.sigmoid();
                Tensor products = p.mul(targets);
                Tensor common = products.sum(axes);
                Tensor predicted = p.sum(axes);
                Tensor wanted = targets.sum(axes);
                Tensor both = predicted.add(wanted);
                Tensor denominator = both.add(smooth);
                Tensor numerator = Unary.affine("diceLoss", common, 2, smooth);
                Tensor quotient = numerator.div(denominator);
                Tensor losses = Unary.affine("diceLoss", quotient, -1, 1)) {
            return Losses.reduce(losses, reduction);
        }
    }
}
