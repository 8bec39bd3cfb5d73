package dev.striate.op;

import static dev.striate.internal.Internals.allocate;
import static dev.striate.internal.Internals.allocateIntegers;
import static dev.striate.internal.Internals.buffer;
import static dev.striate.internal.Internals.kernels;

import dev.striate.Device;
import dev.striate.IntTensor;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.WindowOption;
import dev.striate.autograd.Recorder;
import dev.striate.backend.BatchNorm2dGeometry;
import dev.striate.backend.NormParameters;
import dev.striate.backend.NormPoolKernels;
import dev.striate.backend.NormStatistics;
import dev.striate.backend.Pool2dGeometry;
import dev.striate.internal.Internals;
import java.util.List;
import java.util.Objects;

/**
 * {@link BatchNorm2d} followed by {@link MaxPool2d} and optionally ReLU, fused: the intermediate is never materialised.
 * The output has the same bits as the separate operations. Gradients are summed in another order, over the maxima only,
 * because the other elements have none.
 */
public final class NormPool {

    private NormPool() {}

    /** Returns whether a device has kernels for this operation. */
    public static boolean runsOn(Device device) {
        return Internals.backend(device).kernels().normPool() != null;
    }

    /**
     * Runs on a device that {@linkplain #runsOn has kernels for this}.
     *
     * @throws ShapeException as for {@link BatchNorm2d#apply} and {@link MaxPool2d#apply}, before anything is computed
     */
    public static Tensor apply(
            Tensor x,
            BatchNorm2d.Settings settings,
            boolean relu,
            int kernelHeight,
            int kernelWidth,
            WindowOption... options) {
        BatchNorm2dGeometry g = BatchNorm2d.geometry(x, settings);
        Pool2dGeometry window = MaxPool2d.geometry(x.shape(), kernelHeight, kernelWidth, options);
        NormPoolKernels kernels = Objects.requireNonNull(kernels(x).normPool());
        List<Tensor> statistics = settings.statistics();
        boolean training = settings.training();
        NormStatistics by = BatchNorm2d.buffers(training, statistics.get(0), statistics.get(1));
        NormParameters parameters = settings.parameters();
        Tensor y = allocate(x.device(), PoolGeometry.outputShape("maxPool2d", x.shape(), window));
        IntTensor indices = allocateIntegers(x.device(), y.shape(), -1, window.inHeight() * window.inWidth() - 1);
        if (training) {
            kernels.forwardTraining(
                    g, window, buffer(x), parameters, relu, buffer(y), buffer(indices), by, settings.running());
        } else {
            kernels.forwardInference(g, window, buffer(x), parameters, by, relu, buffer(y), buffer(indices));
        }
        Recorder.of("batchNorm2d and maxPool2d", y)
                .inputs(
                        List.of(x, settings.gamma(), settings.beta()),
                        (dy, saved, targets) -> BatchNorm2d.gradients(
                                targets,
                                gradients -> kernels.gradient(
                                        g,
                                        window,
                                        buffer(saved.get(0)),
                                        buffer(saved.get(1)),
                                        BatchNorm2d.buffers(training, saved.get(2), saved.get(3)),
                                        buffer(dy),
                                        buffer(saved.integers(0)),
                                        gradients)),
                        new IntTensor[] {indices},
                        x,
                        settings.gamma(),
                        statistics.get(0),
                        statistics.get(1))
                .record();
        indices.close();
        settings.closeStatistics(statistics);
        return relu ? Unary.recordRelu(y, y) : y;
    }
}
