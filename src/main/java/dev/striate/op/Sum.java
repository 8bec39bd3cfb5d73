package dev.striate.op;

import static dev.striate.internal.Internals.allocate;
import static dev.striate.internal.Internals.buffer;
import static dev.striate.internal.Internals.kernels;
import static dev.striate.internal.Internals.view;

import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;
import java.util.Arrays;

/**
 * Sums and means over axes. The gradient of a sum is repeated over the axes; for a mean, it is also divided by the
 * number of elements.
 */
public final class Sum {

    private Sum() {}

    /** {@code sum(x)} over the given axes, or all. */
    public static Tensor sum(Tensor x, int[] axes, boolean keepAxes) {
        return apply("sum", x, ReduceLoops.of("sum", x.shape(), axes, keepAxes), 1);
    }

    /** {@code sum(x) / n} over the given axes, or all. */
    public static Tensor mean(Tensor x, int[] axes, boolean keepAxes) {
        ReduceLoops loops = ReduceLoops.of("mean", x.shape(), axes, keepAxes);
        return apply("mean", x, loops, 1.0 / loops.reduced().turns());
    }

    private static Tensor apply(String operation, Tensor x, ReduceLoops loops, double scale) {
        int[] sizes = x.shape().toArray();
        Tensor y = allocate(x.device(), loops.output());
        if (x.shape().elements() == 0) {
            // A sum of nothing is 0. Its mean is NaN, since the scale is infinite.
            y.fill((float) (0 * scale));
        } else {
            kernels(x).reduce().sum(loops.kept(), loops.reduced(), scale, buffer(x), buffer(y));
        }
        return Recorder.of(operation, y)
                .input(x, (dy, saved) -> {
                    Tensor kept = view(dy, loops.keepAxes());
                    return (scale == 1 ? kept : Unary.scale(operation, kept, scale)).expand(sizes);
                })
                .record();
    }

    /**
     * Sums {@code x} over the axes that broadcasting from {@code shape} has repeated; returns x itself if there are
     * none.
     */
    static Tensor to(Tensor x, Shape shape) {
        if (x.shape().equals(shape)) {
            return x;
        }
        int added = x.shape().rank() - shape.rank();
        int[] axes = new int[x.shape().rank()];
        int count = 0;
        for (int axis = 0; axis < axes.length; axis++) {
            if (x.size(axis) != 1 && (axis < added || shape.size(axis - added) == 1)) {
                axes[count++] = axis;
            }
        }
        Tensor summed = count == 0 ? x : sum(x, Arrays.copyOf(axes, count), true);
        return summed.reshape(shape.toArray());
    }
}
