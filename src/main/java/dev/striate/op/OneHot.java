package dev.striate.op;

import static dev.striate.internal.Internals.allocate;
import static dev.striate.internal.Internals.buffer;
import static dev.striate.internal.Internals.kernels;

import dev.striate.Device;
import dev.striate.IntTensor;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.backend.AxisGeometry;
import dev.striate.backend.GatherGeometry;
import java.util.Arrays;

/** Labels as rows with one 1: the gradient of ones that were gathered by the labels. */
public final class OneHot {

    private OneHot() {}

    /**
     * @param labels any shape; the result has an axis of size {@code classes} after these
     * @throws ShapeException if {@code classes} is below 1 or a label is not one of them, or if the result has 2^31
     *     elements or more
     */
    public static Tensor apply(IntTensor labels, int classes) {
        int rank = labels.shape().rank();
        int[] sizes = Arrays.copyOf(labels.shape().toArray(), rank + 1);
        sizes[rank] = classes;
        Shape shape = Sizes.shape("oneHot", sizes);
        if (classes < 1) {
            throw new ShapeException("oneHot: expected at least 1 class, got " + classes);
        }
        Gather.requireWithin("oneHot", "label", labels, classes, "classes");
        Device device = labels.device();
        int n = labels.shape().elements();
        Tensor y = allocate(device, shape);
        try (Tensor ones = Tensor.ones(device, n)) {
            kernels(y)
                    .gather()
                    .gradient(
                            new GatherGeometry(new AxisGeometry(n, classes, 1), 1, false),
                            buffer(ones),
                            buffer(labels),
                            buffer(y));
        }
        return y;
    }
}
