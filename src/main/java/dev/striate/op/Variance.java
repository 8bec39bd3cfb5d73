package dev.striate.op;

import static dev.striate.internal.Internals.view;

import dev.striate.Tensor;
import dev.striate.autograd.Recorder;

/**
 * Variance and standard deviation over axes: {@code var = sum((x - mean)^2) / (n - correction)} and {@code std =
 * sqrt(var)}, with n the number of elements that are reduced to one. As in PyTorch, the divisor is at least 0, so that
 * the variance of one element with a correction of 1 is NaN. That of no elements is NaN too, like their mean.
 *
 * <p>The gradients are {@code 2 (x - mean) / (n - correction)} and {@code (x - mean) / std / (n - correction)}; the
 * latter is 0 where {@code std} is 0.
 */
public final class Variance {

    /** A deviation below this has a square that is not a normal number, and counts as 0. */
    private static final float SMALLEST_STD = 0x1p-63f;

    private Variance() {}

    /** @param axes the axes to reduce; all of them if empty */
    public static Tensor var(Tensor x, int[] axes, int correction, boolean keepAxes) {
        ReduceLoops loops = ReduceLoops.of("var", x.shape(), axes, keepAxes);
        if (loops.reduced().turns() == 0) {
            return Sum.mean(x, axes, keepAxes);
        }
        double scale = scale(loops, correction);
        try (Tensor centered = centered(x, axes)) {
            return Recorder.of("var", ofCentered(centered, axes, keepAxes, scale))
                    .input(
                            x,
                            (dy, saved) -> {
                                Tensor slope = Unary.scale("var", saved.get(0), 2 * scale);
                                return slope.mul(view(dy, loops.keepAxes()));
                            },
                            centered)
                    .record();
        }
    }

    /** @param axes the axes to reduce; all of them if empty */
    public static Tensor std(Tensor x, int[] axes, int correction, boolean keepAxes) {
        ReduceLoops loops = ReduceLoops.of("std", x.shape(), axes, keepAxes);
        if (loops.reduced().turns() == 0) {
            return Sum.mean(x, axes, keepAxes);
        }
        double scale = scale(loops, correction);
        try (Tensor centered = centered(x, axes);
                Tensor variance = ofCentered(centered, axes, keepAxes, scale)) {
            Tensor std = variance.sqrt();
            return Recorder.of("std", std)
                    .input(
                            x,
                            (dy, saved) -> {
                                Tensor divisor = view(saved.get(1), loops.keepAxes())
                                        .clamp(SMALLEST_STD, Float.POSITIVE_INFINITY);
                                Tensor slope = Unary.scale("std", saved.get(0).div(divisor), scale);
                                return slope.mul(view(dy, loops.keepAxes()));
                            },
                            centered,
                            std)
                    .record();
        }
    }

    private static double scale(ReduceLoops loops, int correction) {
        return 1.0 / Math.max(0, loops.reduced().turns() - (long) correction);
    }

    private static Tensor ofCentered(Tensor centered, int[] axes, boolean keepAxes, double scale) {
        try (Tensor squares = centered.mul(centered);
                Tensor sum = squares.sum(axes, keepAxes)) {
            return Unary.scale("var", sum, scale);
        }
    }

    /**
     * Returns {@code x - mean}, not recorded. Both are taken relative to the maximum: a large mean would be rounded,
     * and equal elements must give 0.
     */
    private static Tensor centered(Tensor x, int[] axes) {
        try (Tensor values = x.detach();
                Tensor max = values.max(axes, true);
                Tensor relative = values.sub(max);
                Tensor mean = relative.mean(axes, true)) {
            return relative.sub(mean);
        }
    }
}
