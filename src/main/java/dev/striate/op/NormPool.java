package dev.striate.op;

import dev.striate.Device;
import dev.striate.IntTensor;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;
import dev.striate.backend.BatchNorm2dGeometry;
import dev.striate.backend.NormPoolKernels;
import dev.striate.backend.Pool2dGeometry;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * {@link BatchNorm2d} followed by {@link MaxPool2d} and optionally ReLU, fused: the intermediate is never materialised.
 * The output has the same bits as the separate operations. Gradients are summed in another order, over the maxima only,
 * because the other elements have none.
 */
public final class NormPool {

    private NormPool() {}

    /** Returns whether a device has kernels for this operation. */
    public static boolean runsOn(Device device) {
        return device.backend().kernels().normPool() != null;
    }

    /**
     * Runs on a device that {@linkplain #runsOn has kernels for this}.
     *
     * @throws ShapeException as for {@link BatchNorm2d#apply} and {@link MaxPool2d#apply}, before anything is computed
     */
    public static Tensor apply(
            Tensor x,
            Tensor gamma,
            Tensor beta,
            @Nullable Tensor runningMean,
            @Nullable Tensor runningVariance,
            boolean training,
            float momentum,
            float epsilon,
            boolean relu,
            int kernelHeight,
            int kernelWidth,
            WindowOption... options) {
        BatchNorm2dGeometry g =
                BatchNorm2d.geometry(x, gamma, beta, runningMean, runningVariance, training, momentum, epsilon);
        Pool2dGeometry window = MaxPool2d.geometry(x.shape(), kernelHeight, kernelWidth, options);
        NormPoolKernels kernels =
                Objects.requireNonNull(x.device().backend().kernels().normPool());
        Tensor y = Tensor.allocate(x.device(), PoolGeometry.outputShape("maxPool2d", x.shape(), window));
        IntTensor indices = IntTensor.allocate(x.device(), y.shape(), -1, window.inHeight() * window.inWidth() - 1);
        if (training) {
            Tensor mean = Tensor.allocate(x.device(), gamma.shape());
            Tensor reciprocal = Tensor.allocate(x.device(), gamma.shape());
            kernels.forwardTraining(
                    g,
                    window,
                    momentum,
                    relu,
                    x.buffer(),
                    gamma.buffer(),
                    beta.buffer(),
                    y.buffer(),
                    indices.buffer(),
                    mean.buffer(),
                    reciprocal.buffer(),
                    Tensor.bufferOf(runningMean),
                    Tensor.bufferOf(runningVariance));
            if (runningMean != null && runningVariance != null) {
                runningMean.markChanged();
                runningVariance.markChanged();
            }
            record(g, window, true, x, gamma, beta, mean, reciprocal, indices, y);
            mean.close();
            reciprocal.close();
        } else {
            Tensor mean = Objects.requireNonNull(runningMean);
            Tensor variance = Objects.requireNonNull(runningVariance);
            kernels.forwardInference(
                    g,
                    window,
                    relu,
                    x.buffer(),
                    gamma.buffer(),
                    beta.buffer(),
                    mean.buffer(),
                    variance.buffer(),
                    y.buffer(),
                    indices.buffer());
            record(g, window, false, x, gamma, beta, mean, variance, indices, y);
        }
        indices.close();
        return relu ? Unary.recordRelu(y, y) : y;
    }

    private static void record(
            BatchNorm2dGeometry g,
            Pool2dGeometry window,
            boolean batchStatistics,
            Tensor x,
            Tensor gamma,
            Tensor beta,
            Tensor mean,
            Tensor spread,
            IntTensor indices,
            Tensor y) {
        Recorder.of("batchNorm2d and maxPool2d", y)
                .inputs(
                        List.of(x, gamma, beta),
                        (dy, saved, targets) -> {
                            @Nullable
                            Tensor[] gradients = {targets.allocate(0), targets.allocate(1), targets.allocate(2)};
                            Objects.requireNonNull(
                                            dy.device().backend().kernels().normPool())
                                    .gradient(
                                            g,
                                            window,
                                            batchStatistics,
                                            saved.get(0).buffer(),
                                            saved.get(1).buffer(),
                                            saved.get(2).buffer(),
                                            saved.get(3).buffer(),
                                            dy.buffer(),
                                            saved.integers(0).buffer(),
                                            Tensor.bufferOf(gradients[0]),
                                            Tensor.bufferOf(gradients[1]),
                                            Tensor.bufferOf(gradients[2]));
                            return gradients;
                        },
                        new IntTensor[] {indices},
                        x,
                        gamma,
                        mean,
                        spread)
                .record();
    }
}
