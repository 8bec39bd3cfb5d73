package dev.striate.op;

import static dev.striate.internal.Internals.view;

import dev.striate.Tensor;
import dev.striate.autograd.Recorder;

/**
 * {@code log(sum(e^x))} along an axis, computed relative to the maximum so that nothing overflows; minus infinity for no
 * elements. The gradient is the softmax.
 */
public final class LogSumExp {

    private LogSumExp() {}

    /** The axis is removed. */
    public static Tensor apply(Tensor x, int axis) {
        int along = x.shape().axis("logSumExp", axis);
        if (x.size(along) == 0) {
            try (Tensor zero = x.sum(along)) {
                return zero.log();
            }
        }
        ReduceLoops loops = ReduceLoops.of("logSumExp", x.shape(), new int[] {along}, false);
        // An infinite maximum is replaced, because the difference of infinities is NaN.
        try (Tensor values = x.detach();
                Tensor max = values.max(along);
                Tensor base = max.clamp(-Float.MAX_VALUE, Float.MAX_VALUE);
                Tensor bases = view(base, loops.keepAxes());
                Tensor relative = values.sub(bases);
                Tensor powers = relative.exp();
                Tensor sum = powers.sum(along);
                Tensor log = sum.log()) {
            return Recorder.of("logSumExp", base.add(log))
                    .input(x, (dy, saved) -> saved.get(0).softmax(along).mul(view(dy, loops.keepAxes())), x)
                    .record();
        }
    }
}
