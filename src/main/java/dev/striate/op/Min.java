package dev.striate.op;

import dev.striate.Tensor;

/**
 * The minimum over axes, {@code -max(-x)}. If there is a NaN, the result is NaN. The gradient goes to the first
 * minimum.
 */
public final class Min {

    private Min() {}

    /** @param axes the axes to reduce; all of them if empty */
    public static Tensor apply(Tensor x, int[] axes, boolean keepAxes) {
        ReduceLoops.of("min", x.shape(), axes, keepAxes).requireChoice("min", x.shape());
        try (Tensor negative = x.neg();
                Tensor max = negative.max(axes, keepAxes)) {
            return max.neg();
        }
    }
}
