package dev.striate.op;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;
import dev.striate.backend.BatchNorm2dGeometry;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Batch normalisation (Ioffe and Szegedy, 2015) of {@code (N, C, ...)} per channel: {@code y = gamma (x - mean) /
 * sqrt(variance + epsilon) + beta}. Training uses the statistics of the batch, with the biased variance, and updates
 * the running statistics, with the unbiased variance. Evaluation uses the running statistics.
 */
public final class BatchNorm2d {

    private BatchNorm2d() {}

    /**
     * @throws ShapeException if the shapes do not fit, training has only one value per channel, the momentum is not in
     *     0 .. 1, or epsilon is not finite and above 0
     */
    public static Tensor apply(
            Tensor x,
            Tensor gamma,
            Tensor beta,
            @Nullable Tensor runningMean,
            @Nullable Tensor runningVariance,
            boolean training,
            float momentum,
            float epsilon) {
        return apply(x, gamma, beta, runningMean, runningVariance, training, momentum, epsilon, false);
    }

    /** Computes {@link #apply} followed by ReLU, in one kernel if the device has one; errors as for {@link #apply}. */
    public static Tensor withRelu(
            Tensor x,
            Tensor gamma,
            Tensor beta,
            @Nullable Tensor runningMean,
            @Nullable Tensor runningVariance,
            boolean training,
            float momentum,
            float epsilon) {
        return apply(x, gamma, beta, runningMean, runningVariance, training, momentum, epsilon, true);
    }

    private static Tensor apply(
            Tensor x,
            Tensor gamma,
            Tensor beta,
            @Nullable Tensor runningMean,
            @Nullable Tensor runningVariance,
            boolean training,
            float momentum,
            float epsilon,
            boolean relu) {
        BatchNorm2dGeometry g = geometry(x, gamma, beta, runningMean, runningVariance, training, momentum, epsilon);
        Tensor y = training
                ? train(g, relu, x, gamma, beta, runningMean, runningVariance, momentum)
                : infer(
                        g,
                        relu,
                        x,
                        gamma,
                        beta,
                        Objects.requireNonNull(runningMean),
                        Objects.requireNonNull(runningVariance));
        return relu ? Unary.recordRelu(y, y) : y;
    }

    private static Tensor train(
            BatchNorm2dGeometry g,
            boolean relu,
            Tensor x,
            Tensor gamma,
            Tensor beta,
            @Nullable Tensor runningMean,
            @Nullable Tensor runningVariance,
            float momentum) {
        Tensor y = Tensor.allocate(x.device(), x.shape());
        Tensor mean = Tensor.allocate(x.device(), gamma.shape());
        Tensor reciprocal = Tensor.allocate(x.device(), gamma.shape());
        x.device()
                .backend()
                .kernels()
                .batchNorm2d()
                .forwardTraining(
                        g,
                        momentum,
                        relu,
                        x.buffer(),
                        gamma.buffer(),
                        beta.buffer(),
                        y.buffer(),
                        mean.buffer(),
                        reciprocal.buffer(),
                        Tensor.bufferOf(runningMean),
                        Tensor.bufferOf(runningVariance));
        if (runningMean != null && runningVariance != null) {
            runningMean.markChanged();
            runningVariance.markChanged();
        }
        record(g, true, x, gamma, beta, mean, reciprocal, y);
        mean.close();
        reciprocal.close();
        return y;
    }

    private static Tensor infer(
            BatchNorm2dGeometry g, boolean relu, Tensor x, Tensor gamma, Tensor beta, Tensor mean, Tensor variance) {
        Tensor y = Tensor.allocate(x.device(), x.shape());
        x.device()
                .backend()
                .kernels()
                .batchNorm2d()
                .forwardInference(
                        g,
                        relu,
                        x.buffer(),
                        gamma.buffer(),
                        beta.buffer(),
                        mean.buffer(),
                        variance.buffer(),
                        y.buffer());
        record(g, false, x, gamma, beta, mean, variance, y);
        return y;
    }

    private static void record(
            BatchNorm2dGeometry g,
            boolean batchStatistics,
            Tensor x,
            Tensor gamma,
            Tensor beta,
            Tensor mean,
            Tensor spread,
            Tensor y) {
        Recorder.of("batchNorm2d", y)
                .inputs(
                        List.of(x, gamma, beta),
                        (dy, saved, targets) -> {
                            @Nullable
                            Tensor[] gradients = {targets.allocate(0), targets.allocate(1), targets.allocate(2)};
                            dy.device()
                                    .backend()
                                    .kernels()
                                    .batchNorm2d()
                                    .gradient(
                                            g,
                                            batchStatistics,
                                            saved.get(0).buffer(),
                                            saved.get(1).buffer(),
                                            saved.get(2).buffer(),
                                            saved.get(3).buffer(),
                                            dy.buffer(),
                                            Tensor.bufferOf(gradients[0]),
                                            Tensor.bufferOf(gradients[1]),
                                            Tensor.bufferOf(gradients[2]));
                            return gradients;
                        },
                        x,
                        gamma,
                        mean,
                        spread)
                .record();
    }

    /** Errors as for {@link #apply}. */
    static BatchNorm2dGeometry geometry(
            Tensor x,
            Tensor gamma,
            Tensor beta,
            @Nullable Tensor runningMean,
            @Nullable Tensor runningVariance,
            boolean training,
            float momentum,
            float epsilon) {
        if (!(momentum >= 0 && momentum <= 1)) {
            throw new ShapeException("batchNorm2d: expected a momentum from 0 to 1, got " + momentum);
        }
        if (!(epsilon > 0 && epsilon < Float.POSITIVE_INFINITY)) {
            throw new ShapeException("batchNorm2d: expected a finite epsilon above 0, got " + epsilon);
        }
        Shape shape = x.shape();
        if (shape.rank() < 2) {
            throw new ShapeException("batchNorm2d: expected (N, C, ...), got a tensor of shape " + shape);
        }
        int channels = shape.size(1);
        requirePerChannel(x, "gamma", gamma);
        requirePerChannel(x, "beta", beta);
        if ((runningMean == null) != (runningVariance == null)) {
            throw new ShapeException("batchNorm2d: expected both running mean and running variance, or neither");
        }
        if (runningMean != null && runningVariance != null) {
            requirePerChannel(x, "running mean", runningMean);
            requirePerChannel(x, "running variance", runningVariance);
        } else if (!training) {
            throw new ShapeException("batchNorm2d: expected running statistics for evaluation, got none");
        }
        if (training && shape.elements() == channels) {
            throw new ShapeException("batchNorm2d: training needs more than one value per channel, got " + shape
                    + "; if a single image was left over at the end of an epoch, DataLoader.dropLast(true) leaves it out; to compute"
                    + " one image by itself, call eval() first");
        }
        return new BatchNorm2dGeometry(shape.size(0), channels, shape.elements() / shape.size(0) / channels, epsilon);
    }

    private static void requirePerChannel(Tensor x, String name, Tensor tensor) {
        x.requireDevice("batchNorm2d", tensor);
        if (!tensor.shape().equals(Shape.of(x.size(1)))) {
            throw new ShapeException("batchNorm2d: expected a " + name + " (" + x.size(1) + "), one per channel of "
                    + x.shape() + ", got " + tensor.shape());
        }
    }
}
