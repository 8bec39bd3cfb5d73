package dev.striate.op;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import java.util.Arrays;

/** {@code max(x, 0) + slope min(x, 0)}, made of other operations. The gradient of x at 0 is the slope. */
public final class Prelu {

    private Prelu() {}

    /**
     * @param x     {@code (N, C, ...)}
     * @param slope {@code (C)} or {@code (1)}
     * @throws ShapeException if the slope has another shape
     */
    public static Tensor apply(Tensor x, Tensor slope) {
        Shape shape = x.shape();
        boolean isShared = slope.shape().rank() == 1 && slope.size(0) == 1;
        boolean isPerChannel = slope.shape().rank() == 1 && shape.rank() >= 2 && slope.size(0) == shape.size(1);
        if (!isShared && !isPerChannel) {
            throw new ShapeException("prelu: expected one slope, or one for each channel of (N, C, ...), got slopes "
                    + slope.shape() + " for a tensor of shape " + shape);
        }
        int[] broadcast = new int[isShared ? 1 : shape.rank() - 1];
        Arrays.fill(broadcast, 1);
        broadcast[0] = slope.size(0);
        try (Tensor positive = x.relu();
                Tensor negative = x.clamp(Float.NEGATIVE_INFINITY, 0);
                Tensor slopes = slope.reshape(broadcast);
                Tensor scaled = negative.mul(slopes)) {
            return positive.add(scaled);
        }
    }
}
