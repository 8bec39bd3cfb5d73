package dev.striate.op;

import static dev.striate.internal.Internals.requireSameDevice;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.backend.BatchNorm2dGeometry;
import java.util.Arrays;
import java.util.function.BinaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Normalisation of each example by its own statistics: {@code (x - mean) / sqrt(variance + epsilon)} over a run of
 * consecutive elements, with the biased variance, then scaled by a weight and shifted by a bias. The runs are groups of
 * channels (Wu and He, 2018), single channels (Ulyanov et al., 2016) or the last axes (Ba et al., 2016). The kernels of
 * batch normalisation compute all three: each run is a channel of one image.
 */
public final class GroupNorm {

    private GroupNorm() {}

    /**
     * @param x      {@code (N, C, ...)}
     * @param weight {@code (C)} or null
     * @param bias   {@code (C)} or null
     * @throws ShapeException if the shapes do not fit, the groups do not divide the channels, or epsilon is not finite
     *     and above 0
     */
    public static Tensor groups(Tensor x, int groups, @Nullable Tensor weight, @Nullable Tensor bias, float epsilon) {
        Shape shape = x.shape();
        if (shape.rank() < 2) {
            throw new ShapeException("groupNorm: expected (N, C, ...), got a tensor of shape " + shape);
        }
        check(groups, shape.size(1));
        return perChannel("groupNorm", x, groups, weight, bias, epsilon);
    }

    /** @throws ShapeException if there is no group, or if the groups do not divide the channels */
    public static void check(int groups, int channels) {
        if (groups < 1 || channels % groups != 0) {
            throw new ShapeException("groupNorm: " + groups + " groups must divide the " + channels + " channels");
        }
    }

    /**
     * @param x      {@code (N, C, H, W)}
     * @param weight {@code (C)} or null
     * @param bias   {@code (C)} or null
     * @throws ShapeException if the shapes do not fit, an image has only one pixel, or epsilon is not finite and above
     *     0
     */
    public static Tensor instances(Tensor x, @Nullable Tensor weight, @Nullable Tensor bias, float epsilon) {
        requireInstances(x.shape());
        return perChannel("instanceNorm2d", x, x.size(1), weight, bias, epsilon);
    }

    /** @throws ShapeException if x is not {@code (N, C, H, W)} with more than one pixel */
    public static void requireInstances(Shape x) {
        Window.requireImages("instanceNorm2d", x);
        if (x.size(2) == 1 && x.size(3) == 1) {
            throw new ShapeException("instanceNorm2d: expected images of more than one pixel, got " + x
                    + "; one pixel is its own mean, so that the result would not depend on it");
        }
    }

    /**
     * @param normalized the sizes of the last axes of x, over which it is normalised
     * @param weight     of the shape {@code normalized}, or null
     * @param bias       of the shape {@code normalized}, or null
     * @throws ShapeException if the shapes do not fit, or epsilon is not finite and above 0
     */
    public static Tensor layers(
            Tensor x, Shape normalized, @Nullable Tensor weight, @Nullable Tensor bias, float epsilon) {
        requireLastSizes(x.shape(), normalized);
        BatchNorm2d.requireEpsilon("layerNorm", epsilon);
        requireShape("layerNorm", x, "weight", weight, normalized);
        requireShape("layerNorm", x, "bias", bias, normalized);
        int runs = x.shape().elements() / Math.max(1, normalized.elements());
        return affine(standardised("layerNorm", x, runs, epsilon), weight, bias);
    }

    /** @throws ShapeException if a shape does not end with {@code normalized}, or if that is empty */
    public static void requireLastSizes(Shape x, Shape normalized) {
        int leading = x.rank() - normalized.rank();
        if (normalized.rank() == 0
                || leading < 0
                || !Shape.of(Arrays.copyOfRange(x.toArray(), leading, x.rank())).equals(normalized)) {
            throw new ShapeException("layerNorm: expected a tensor with the last sizes " + normalized
                    + ", at least one, got a tensor of shape " + x);
        }
    }

    private static Tensor perChannel(
            String operation, Tensor x, int groups, @Nullable Tensor weight, @Nullable Tensor bias, float epsilon) {
        BatchNorm2d.requireEpsilon(operation, epsilon);
        int channels = x.size(1);
        requireShape(operation, x, "weight", weight, Shape.of(channels));
        requireShape(operation, x, "bias", bias, Shape.of(channels));
        int runs = x.size(0) * groups;
        if (groups == channels) {
            // Each run has one weight and one bias, which the kernel applies.
            try (Tensor weights = weight == null ? Tensor.ones(x.device(), runs) : repeated(weight, x.size(0));
                    Tensor biases = bias == null ? Tensor.zeros(x.device(), runs) : repeated(bias, x.size(0))) {
                return normalised(operation, x, weights, biases, epsilon);
            }
        }
        int[] broadcast = new int[x.shape().rank() - 1];
        Arrays.fill(broadcast, 1);
        broadcast[0] = channels;
        try (Tensor weights = weight == null ? null : weight.reshape(broadcast);
                Tensor biases = bias == null ? null : bias.reshape(broadcast)) {
            return affine(standardised(operation, x, runs, epsilon), weights, biases);
        }
    }

    private static Tensor repeated(Tensor perChannel, int times) {
        try (Tensor rows = perChannel.expand(times, perChannel.size(0))) {
            return rows.reshape(-1);
        }
    }

    /** Normalises runs of equal length, without weights and biases. */
    private static Tensor standardised(String operation, Tensor x, int runs, float epsilon) {
        try (Tensor ones = Tensor.ones(x.device(), runs);
                Tensor zeros = Tensor.zeros(x.device(), runs)) {
            return normalised(operation, x, ones, zeros, epsilon);
        }
    }

    /** Normalises runs of equal length, with a weight and a bias for each run. */
    private static Tensor normalised(String operation, Tensor x, Tensor weights, Tensor biases, float epsilon) {
        int runs = weights.size(0);
        BatchNorm2dGeometry g = new BatchNorm2dGeometry(1, runs, x.shape().elements() / Math.max(1, runs), epsilon);
        BatchNorm2d.Settings settings = new BatchNorm2d.Settings(weights, biases, null, null, true, 0, epsilon);
        return BatchNorm2d.apply(operation, x, g, settings, false);
    }

    /** Scales and shifts an intermediate result, and closes it. */
    private static Tensor affine(Tensor x, @Nullable Tensor weight, @Nullable Tensor bias) {
        Tensor scaled = weight == null ? x : then(x, Tensor::mul, weight);
        return bias == null ? scaled : then(scaled, Tensor::add, bias);
    }

    private static Tensor then(Tensor intermediate, BinaryOperator<Tensor> operation, Tensor other) {
        try (intermediate) {
            return operation.apply(intermediate, other);
        }
    }

    private static void requireShape(
            String operation, Tensor x, String name, @Nullable Tensor parameter, Shape expected) {
        requireSameDevice(operation, x, parameter);
        if (parameter != null && !parameter.shape().equals(expected)) {
            throw new ShapeException(operation + ": expected a " + name + " " + expected + " for a tensor of shape "
                    + x.shape() + ", got " + parameter.shape());
        }
    }
}
