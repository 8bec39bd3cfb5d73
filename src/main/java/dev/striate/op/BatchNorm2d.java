package dev.striate.op;

import static dev.striate.internal.Internals.allocate;
import static dev.striate.internal.Internals.buffer;
import static dev.striate.internal.Internals.bufferOrNull;
import static dev.striate.internal.Internals.kernels;
import static dev.striate.internal.Internals.requireSameDevice;
import static dev.striate.internal.Internals.storage;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;
import dev.striate.autograd.Targets;
import dev.striate.backend.BatchNorm2dGeometry;
import dev.striate.backend.BatchNorm2dKernels;
import dev.striate.backend.NormGradients;
import dev.striate.backend.NormParameters;
import dev.striate.backend.NormStatistics;
import dev.striate.backend.RunningStatistics;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Batch normalisation (Ioffe and Szegedy, 2015) of {@code (N, C, ...)} per channel: {@code y = gamma (x - mean) /
 * sqrt(variance + epsilon) + beta}. Training uses the statistics of the batch, with the biased variance, and updates
 * the running statistics, with the unbiased variance. Evaluation uses the running statistics.
 */
public final class BatchNorm2d {

    private BatchNorm2d() {}

    /**
     * What else a normalisation needs.
     *
     * @param gamma           {@code (C)}
     * @param beta            {@code (C)}
     * @param runningMean     {@code (C)}; null together with {@code runningVariance}, in training only
     * @param runningVariance {@code (C)}
     * @param training        whether to use the statistics of the batch
     * @param momentum        the weight of a batch in the running statistics, from 0 to 1
     * @param epsilon         added to the variance; finite and above 0
     */
    public record Settings(
            Tensor gamma,
            Tensor beta,
            @Nullable Tensor runningMean,
            @Nullable Tensor runningVariance,
            boolean training,
            float momentum,
            float epsilon) {

        NormParameters parameters() {
            return new NormParameters(buffer(gamma), buffer(beta));
        }

        /** For training, or null for none. */
        @Nullable
        RunningStatistics running() {
            return runningMean == null || runningVariance == null
                    ? null
                    : new RunningStatistics(momentum, buffer(runningMean), buffer(runningVariance));
        }

        /** What x is normalised by: new tensors in training, which {@link #closeStatistics} closes. */
        List<Tensor> statistics() {
            return training
                    ? List.of(allocate(gamma.device(), gamma.shape()), allocate(gamma.device(), gamma.shape()))
                    : List.of(Objects.requireNonNull(runningMean), Objects.requireNonNull(runningVariance));
        }

        /** Ends a forward pass by these statistics. */
        void closeStatistics(List<Tensor> statistics) {
            if (training) {
                statistics.forEach(Tensor::close);
                if (runningMean != null && runningVariance != null) {
                    storage(runningMean).markChanged();
                    storage(runningVariance).markChanged();
                }
            }
        }
    }

    /**
     * @throws ShapeException if the shapes do not fit, training has only one value per channel, the momentum is not in
     *     0 .. 1, or epsilon is not finite and above 0
     */
    public static Tensor apply(Tensor x, Settings settings) {
        return apply(x, settings, false);
    }

    /** Computes {@link #apply} followed by ReLU, in one kernel if the device has one; errors as for {@link #apply}. */
    public static Tensor withRelu(Tensor x, Settings settings) {
        return apply(x, settings, true);
    }

    private static Tensor apply(Tensor x, Settings settings, boolean relu) {
        return apply("batchNorm2d", x, geometry(x, settings), settings, relu);
    }

    /** Reads x as the geometry has it, whatever its shape; {@code operation} is the name for messages. */
    static Tensor apply(String operation, Tensor x, BatchNorm2dGeometry g, Settings settings, boolean relu) {
        BatchNorm2dKernels kernels = kernels(x).batchNorm2d();
        List<Tensor> statistics = settings.statistics();
        boolean training = settings.training;
        NormStatistics buffers = buffers(training, statistics.get(0), statistics.get(1));
        NormParameters parameters = settings.parameters();
        Tensor y = allocate(x.device(), x.shape());
        if (training) {
            kernels.forwardTraining(g, buffer(x), parameters, relu, buffer(y), buffers, settings.running());
        } else {
            kernels.forwardInference(g, buffer(x), parameters, buffers, relu, buffer(y));
        }
        Recorder.of(operation, y)
                .inputs(
                        List.of(x, settings.gamma, settings.beta),
                        (dy, saved, targets) -> gradients(
                                targets,
                                gradients -> kernels.gradient(
                                        g,
                                        buffer(saved.get(0)),
                                        buffer(saved.get(1)),
                                        buffers(training, saved.get(2), saved.get(3)),
                                        buffer(dy),
                                        gradients)),
                        x,
                        settings.gamma,
                        statistics.get(0),
                        statistics.get(1))
                .record();
        settings.closeStatistics(statistics);
        return relu ? Unary.recordRelu(y, y) : y;
    }

    /** Errors as for {@link #apply}. */
    static BatchNorm2dGeometry geometry(Tensor x, Settings settings) {
        float momentum = settings.momentum;
        float epsilon = settings.epsilon;
        Tensor runningMean = settings.runningMean;
        Tensor runningVariance = settings.runningVariance;
        if (!(momentum >= 0 && momentum <= 1)) {
            throw new ShapeException("batchNorm2d: expected a momentum from 0 to 1, got " + momentum);
        }
        requireEpsilon("batchNorm2d", epsilon);
        Shape shape = x.shape();
        if (shape.rank() < 2) {
            throw new ShapeException("batchNorm2d: expected (N, C, ...), got a tensor of shape " + shape);
        }
        int channels = shape.size(1);
        requirePerChannel(x, "gamma", settings.gamma);
        requirePerChannel(x, "beta", settings.beta);
        if ((runningMean == null) != (runningVariance == null)) {
            throw new ShapeException("batchNorm2d: expected both running mean and running variance, or neither");
        }
        if (runningMean != null && runningVariance != null) {
            requirePerChannel(x, "running mean", runningMean);
            requirePerChannel(x, "running variance", runningVariance);
        } else if (!settings.training) {
            throw new ShapeException("batchNorm2d: expected running statistics for evaluation, got none");
        }
        if (settings.training && shape.elements() <= channels) {
            throw new ShapeException("batchNorm2d: training needs more than one value per channel, got " + shape
                    + "; if a single image was left over at the end of an epoch, DataLoader.dropLast(true) leaves it out; to compute"
                    + " one image by itself, call eval() first");
        }
        return new BatchNorm2dGeometry(shape.size(0), channels, shape.strides()[1], epsilon);
    }

    static void requireEpsilon(String operation, float epsilon) {
        if (!(epsilon > 0 && epsilon < Float.POSITIVE_INFINITY)) {
            throw new ShapeException(operation + ": expected a finite epsilon above 0, got " + epsilon);
        }
    }

    static NormStatistics buffers(boolean training, Tensor mean, Tensor spread) {
        return new NormStatistics(training, buffer(mean), buffer(spread));
    }

    /** Allocates the gradients that are wanted of x, gamma and beta, and lets a kernel write them. */
    static @Nullable Tensor[] gradients(Targets targets, Consumer<NormGradients> kernel) {
        @Nullable Tensor[] gradients = {targets.allocate(0), targets.allocate(1), targets.allocate(2)};
        kernel.accept(
                new NormGradients(bufferOrNull(gradients[0]), bufferOrNull(gradients[1]), bufferOrNull(gradients[2])));
        return gradients;
    }

    private static void requirePerChannel(Tensor x, String name, Tensor tensor) {
        requireSameDevice("batchNorm2d", x, tensor);
        if (!tensor.shape().equals(Shape.of(x.size(1)))) {
            throw new ShapeException("batchNorm2d: expected a " + name + " (" + x.size(1) + "), one per channel of "
                    + x.shape() + ", got " + tensor.shape());
        }
    }
}
