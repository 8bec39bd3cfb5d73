package dev.striate.op;

import dev.striate.ClassificationOptions;
import dev.striate.DeviceException;
import dev.striate.IntTensor;
import dev.striate.LossReduction;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.backend.ClassificationGeometry;

/** The shape rule and the check of labels that the classification losses share. */
final class Labels {

    private Labels() {}

    /**
     * @throws ShapeException if scores are not {@code (N, classes, ...)}, if labels are not {@code (N, ...)}, or if a
     *     label is neither a class nor the ignored label
     */
    static ClassificationGeometry geometry(
            String operation, Tensor scores, IntTensor labels, ClassificationOptions options) {
        Shape shape = scores.shape();
        if (labels.device() != scores.device()) {
            throw new DeviceException(operation + ": the scores are on " + scores.device() + ", the labels on "
                    + labels.device() + "; move one with to(device)");
        }
        if (shape.rank() < 2 || shape.size(1) == 0 || !labels.shape().equals(without(shape, 1))) {
            throw new ShapeException(operation + ": expected scores (N, classes, ...) and labels (N, ...), got " + shape
                    + " and " + labels.shape());
        }
        check(operation, labels, shape.size(1), options.ignoreIndex());
        return new ClassificationGeometry(
                Softmax.geometry(operation, shape, 1),
                options.reduction(),
                options.ignoreIndex(),
                options.labelSmoothing());
    }

    /** The shape of the loss: a scalar, or the shape of the labels. */
    static Shape lossShape(ClassificationGeometry g, IntTensor labels) {
        return g.reduction() == LossReduction.NONE ? labels.shape() : Shape.SCALAR;
    }

    /** The loss of no examples: NaN for the mean, 0 for the sum. */
    static Tensor lossOfNone(Tensor scores, LossReduction reduction) {
        try (Tensor losses = scores.sum(1)) {
            return Losses.reduce(losses, reduction);
        }
    }

    private static void check(String operation, IntTensor labels, int classes, int ignoreIndex) {
        if (labels.least() >= 0 && labels.greatest() < classes) {
            return;
        }
        // Reached only if a label is ignored or wrong, so the usual case never reads labels back from the device.
        int[] values = labels.toIntArray();
        for (int i = 0; i < values.length; i++) {
            if (values[i] != ignoreIndex && (values[i] < 0 || values[i] >= classes)) {
                throw new ShapeException(
                        operation + ": label " + values[i] + " at position " + i + " is not one of the " + classes
                                + " classes 0 .. " + (classes - 1) + ", nor the ignored label " + ignoreIndex);
            }
        }
    }

    private static Shape without(Shape shape, int axis) {
        int[] sizes = new int[shape.rank() - 1];
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = shape.size(i < axis ? i : i + 1);
        }
        return Shape.of(sizes);
    }
}
