package dev.striate.backend.opencl;

import dev.striate.backend.BatchNorm2dGeometry;
import dev.striate.backend.Buffer;
import dev.striate.backend.IndexBuffer;
import dev.striate.backend.NormPoolKernels;
import dev.striate.backend.Pool2dGeometry;
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
            float momentum,
            boolean relu,
            Buffer x,
            Buffer gamma,
            Buffer beta,
            Buffer y,
            IndexBuffer indices,
            Buffer mean,
            Buffer reciprocal,
            @Nullable Buffer runningMean,
            @Nullable Buffer runningVariance) {
        norm.statistics(g, momentum, x, mean, reciprocal, runningMean, runningVariance);
        forward(g, window, true, relu, x, gamma, beta, mean, reciprocal, y, indices);
    }

    @Override
    public void forwardInference(
            BatchNorm2dGeometry g,
            Pool2dGeometry window,
            boolean relu,
            Buffer x,
            Buffer gamma,
            Buffer beta,
            Buffer mean,
            Buffer variance,
            Buffer y,
            IndexBuffer indices) {
        forward(g, window, false, relu, x, gamma, beta, mean, variance, y, indices);
    }

    private void forward(
            BatchNorm2dGeometry g,
            Pool2dGeometry window,
            boolean batchStatistics,
            boolean relu,
            Buffer x,
            Buffer gamma,
            Buffer beta,
            Buffer mean,
            Buffer spread,
            Buffer y,
            IndexBuffer indices) {
        OpenClPool2d.forward(
                runtime,
                "max_pool2d",
                window,
                launch -> launch.ints(g.channels())
                        .floats(g.epsilon())
                        .buffers(gamma, beta, mean, spread, x, y)
                        .indices(indices),
                "NORM",
                OpenClBatchNorm2d.statisticsMacro(batchStatistics),
                relu ? "RELU" : "PLAIN");
    }

    @Override
    public void gradient(
            BatchNorm2dGeometry g,
            Pool2dGeometry window,
            boolean batchStatistics,
            Buffer x,
            Buffer gamma,
            Buffer mean,
            Buffer spread,
            Buffer dy,
            IndexBuffer indices,
            @Nullable Buffer dx,
            @Nullable Buffer dgamma,
            @Nullable Buffer dbeta) {
        BatchNorm2dGeometry maxima =
                new BatchNorm2dGeometry(g.batch(), g.channels(), window.outHeight() * window.outWidth(), g.epsilon());
        norm.gradient(maxima, batchStatistics, dx, dgamma, dbeta, new OpenClBatchNorm2d.Upstream() {
            @Override
            public void sum(Buffer chunkDy, Buffer chunkDyXhat) {
                runtime.kernel("norm_pool", "gradientSums", OpenClBatchNorm2d.statisticsMacro(batchStatistics))
                        .struct(OpenClBatchNorm2d.Chunks.of(maxima))
                        .ints(g.plane())
                        .floats(g.epsilon())
                        .buffers(x, mean, spread, dy)
                        .indices(indices)
                        .buffers(chunkDy, chunkDyXhat)
                        .runTeams(g.channels() * OpenClBatchNorm2d.splits(maxima), norm.team());
            }

            @Override
            public void inputGradient(Buffer dyXhatSum, Buffer dySum, Buffer into) {
                OpenClPool2d.gradient(
                        runtime,
                        "norm_pool",
                        window,
                        launch -> launch.ints(g.channels())
                                .floats((float) g.batch() * g.plane(), g.epsilon())
                                .buffers(x, gamma, mean, spread, dy)
                                .indices(indices)
                                .buffers(dyXhatSum, dySum, into),
                        OpenClBatchNorm2d.statisticsMacro(batchStatistics));
            }
        });
    }
}
