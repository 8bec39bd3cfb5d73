package dev.striate.op;

import dev.striate.IntTensor;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.TopK;
import dev.striate.backend.AxisGeometry;
import java.util.Arrays;

/**
 * The largest elements along an axis, found on the host. NaN counts as the largest. The gradient goes to the elements
 * that were taken.
 */
public final class Topk {

    private Topk() {}

    /** @throws ShapeException unless {@code 1 <= k <= size} along the axis */
    public static TopK apply(Tensor x, int k, int axis) {
        int along = x.shape().axis("topk", axis);
        ReduceLoops.of("topk", x.shape(), new int[] {axis}, false).requireChoice("topk", x.shape());
        if (k < 1 || k > x.size(along)) {
            throw new ShapeException("topk: expected a k from 1 to " + x.size(along) + ", the size of " + x.shape()
                    + " along axis " + axis + ", got " + k);
        }
        Shape shape = x.shape().with(along, k);
        IntTensor indices = IntTensor.of(
                x.device(), shape, indices(x.toFloatArray(), Softmax.geometry("topk", x.shape(), along), k));
        return new TopK(Gather.apply("topk", x, along, indices, shape, false), indices);
    }

    private static int[] indices(float[] x, AxisGeometry g, int k) {
        int[] indices = new int[g.outer() * k * g.inner()];
        long[] keys = new long[g.size()];
        for (int line = 0; line < g.outer() * g.inner(); line++) {
            int outer = line / g.inner();
            int inner = line % g.inner();
            for (int i = 0; i < keys.length; i++) {
                keys[i] = key(x[(outer * g.size() + i) * g.inner() + inner], i);
            }
            Arrays.sort(keys);
            for (int i = 0; i < k; i++) {
                indices[(outer * k + i) * g.inner() + inner] = (int) keys[i];
            }
        }
        return indices;
    }

    /** Keys are ordered by decreasing value, then by increasing index. */
    private static long key(float value, int index) {
        // Adding 0 makes -0 equal to 0. As an integer, a NaN is above infinity; negative floats are in reverse order.
        int bits = Float.floatToIntBits(value + 0f);
        int ordered = bits < 0 ? bits ^ Integer.MAX_VALUE : bits;
        return ((long) ~ordered << Integer.SIZE) | index;
    }
}
