package dev.striate.op;

import static dev.striate.internal.Internals.allocate;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;
import java.util.Arrays;

/** Reorders axes by copying. The gradient is permuted back. */
public final class Permute {

    private Permute() {}

    /**
     * Axis i of the result is axis {@code axes[i]} of x.
     *
     * @throws ShapeException if not every axis occurs exactly once
     */
    public static Tensor apply(Tensor x, int... axes) {
        return apply("permute", x, axes);
    }

    /** Swaps two axes. */
    public static Tensor transpose(Tensor x, int axis, int other) {
        int[] axes = new int[x.shape().rank()];
        Arrays.setAll(axes, i -> i);
        int a = x.shape().axis("transpose", axis);
        int b = x.shape().axis("transpose", other);
        axes[a] = b;
        axes[b] = a;
        return apply("transpose", x, axes);
    }

    /** Converts {@code (N, C, H, W)} to {@code (N, H, W, C)}. */
    public static Tensor toNhwc(Tensor x) {
        Window.requireImages("toNhwc", x.shape());
        return apply("toNhwc", x, 0, 2, 3, 1);
    }

    /** Converts {@code (N, H, W, C)} to {@code (N, C, H, W)}. */
    public static Tensor toNchw(Tensor x) {
        if (x.shape().rank() != 4) {
            throw new ShapeException("toNchw: expected images (N, H, W, C), got a tensor of shape " + x.shape());
        }
        return apply("toNchw", x, 0, 3, 1, 2);
    }

    private static Tensor apply(String operation, Tensor x, int... axes) {
        int[] order = check(operation, x.shape(), axes);
        int[] inverse = new int[order.length];
        int[] sizes = new int[order.length];
        int[] walked = new int[order.length];
        int[] strides = x.shape().strides();
        for (int i = 0; i < order.length; i++) {
            inverse[order[i]] = i;
            sizes[i] = x.size(order[i]);
            walked[i] = strides[order[i]];
        }
        Shape shape = Shape.of(sizes);
        Tensor y = allocate(x.device(), shape);
        StridedCopy.run(sizes, x, 0, walked, y, 0, shape.strides());
        return Recorder.of(operation, y)
                .input(x, (dy, saved) -> apply(operation, dy, inverse))
                .record();
    }

    private static int[] check(String operation, Shape x, int[] axes) {
        int[] order = new int[axes.length];
        boolean[] seen = new boolean[x.rank()];
        boolean fits = axes.length == x.rank();
        for (int i = 0; fits && i < axes.length; i++) {
            order[i] = x.axis(operation, axes[i]);
            fits = !seen[order[i]];
            seen[order[i]] = true;
        }
        if (!fits) {
            throw new ShapeException(operation + ": expected each of the " + x.rank() + " axes of " + x + " once, got "
                    + Arrays.toString(axes));
        }
        return order;
    }
}
