package dev.striate.backend.opencl;

import dev.striate.backend.BatchNorm2dGeometry;
import dev.striate.backend.Buffer;
import dev.striate.backend.IndexBuffer;
import dev.striate.backend.NormGradients;
import dev.striate.backend.NormParameters;
import dev.striate.backend.NormPoolKernels;
import dev.striate.backend.NormStatistics;
import dev.striate.backend.Pool2dGeometry;
import dev.striate.backend.RunningStatistics;
import org.jspecify.annotations.Nullable;

/**
 * {@link OpenClBatchNorm2d}, but {@code max_pool2d.cl} normalises what it compares, and {@code norm_pool.cl} reads the
 * gradients of the maxima. Sums over these, instead of over elements that mostly have none, come in another order than
 * those of the two operations one after the other.
 */
final class OpenClNormPool implements NormPoolKernels {

    private final OpenClRuntime runtime;
    private final OpenClBatchNorm2d norm;

    OpenClNormPool(OpenClRuntime runtime, OpenClBatchNorm2d norm) {
        this.runtime = runtime;
        this.norm = norm;
    }

    @Override
    public void forwardTraining(
            BatchNorm2dGeometry g,
            Pool2dGeometry window,
            Buffer x,
            NormParameters parameters,
            boolean relu,
            Buffer y,
            IndexBuffer indices,
            NormStatistics statistics,
            @Nullable RunningStatistics running) {
        norm.statistics(g, x, statistics, running);
        forwardInference(g, window, x, parameters, statistics, relu, y, indices);
    }

    @Override
    public void forwardInference(
            BatchNorm2dGeometry g,
            Pool2dGeometry window,
            Buffer x,
            NormParameters parameters,
            NormStatistics statistics,
            boolean relu,
            Buffer y,
            IndexBuffer indices) {
        OpenClPool2d.forward(
                runtime,
                "max_pool2d",
                window,
                launch -> launch.ints(g.channels())
                        .floats(g.epsilon())
                        .buffers(parameters.gamma(), parameters.beta(), statistics.mean(), statistics.spread(), x, y)
                        .indices(indices),
                "NORM",
                OpenClBatchNorm2d.macro(statistics),
                relu ? "RELU" : "PLAIN");
    }

    @Override
    public void gradient(
            BatchNorm2dGeometry g,
            Pool2dGeometry window,
            Buffer x,
            Buffer gamma,
            NormStatistics statistics,
            Buffer dy,
            IndexBuffer indices,
            NormGradients gradients) {
        BatchNorm2dGeometry maxima =
                new BatchNorm2dGeometry(g.batch(), g.channels(), window.outHeight() * window.outWidth(), g.epsilon());
        String macro = OpenClBatchNorm2d.macro(statistics);
        Buffer mean = statistics.mean();
        Buffer spread = statistics.spread();
        norm.gradient(maxima, statistics, gradients, new OpenClBatchNorm2d.Upstream() {
            @Override
            public void sum(Buffer chunkDy, Buffer chunkDyXhat) {
                runtime.kernel("norm_pool", "gradientSums", macro)
                        .struct(OpenClBatchNorm2d.Chunks.of(maxima))
                        .ints(g.plane())
                        .floats(g.epsilon())
                        .buffers(x, mean, spread, dy)
                        .indices(indices)
                        .buffers(chunkDy, chunkDyXhat)
                        .runTeams(g.channels() * OpenClBatchNorm2d.splits(maxima), norm.team());
            }

            @Override
            public void inputGradient(Buffer dyXhatSum, Buffer dySum, Buffer dx) {
                OpenClPool2d.gradient(
                        runtime,
                        "norm_pool",
                        window,
                        launch -> launch.ints(g.channels())
                                .floats((float) g.batch() * g.plane(), g.epsilon())
                                .buffers(x, gamma, mean, spread, dy)
                                .indices(indices)
                                .buffers(dyXhatSum, dySum, dx),
                        macro);
            }
        });
    }
}
