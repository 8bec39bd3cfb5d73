package dev.striate.backend.reference;

import dev.striate.backend.BatchNorm2dGeometry;
import dev.striate.backend.BatchNorm2dKernels;
import dev.striate.backend.Buffer;
import dev.striate.backend.NormGradients;
import dev.striate.backend.NormParameters;
import dev.striate.backend.NormStatistics;
import dev.striate.backend.RunningStatistics;
import dev.striate.backend.UnaryKernels;
import java.util.function.IntToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** Batch normalisation. */
final class ReferenceBatchNorm2d implements BatchNorm2dKernels {

    private final UnaryKernels unary;

    ReferenceBatchNorm2d(UnaryKernels unary) {
        this.unary = unary;
    }

    /** The place of element {@code i}, 0 .. batch * plane - 1, of a channel. */
    private static int place(BatchNorm2dGeometry g, int channel, int i) {
        return (i / g.plane() * g.channels() + channel) * g.plane() + i % g.plane();
    }

    private static int count(BatchNorm2dGeometry g) {
        return g.batch() * g.plane();
    }

    /** The sum of a term over the places of a channel. */
    private static double sum(BatchNorm2dGeometry g, int channel, IntToDoubleFunction term) {
        double sum = 0;
        for (int i = 0; i < count(g); i++) {
            sum += term.applyAsDouble(place(g, channel, i));
        }
        return sum;
    }

    @Override
    public void forwardTraining(
            BatchNorm2dGeometry g,
            Buffer x,
            NormParameters parameters,
            boolean relu,
            Buffer y,
            NormStatistics statistics,
            @Nullable RunningStatistics running) {
        ReferenceBuffer from = ReferenceBuffer.of(x);
        for (int c = 0; c < g.channels(); c++) {
            double mean = sum(g, c, from::get) / count(g);
            double squares = sum(g, c, i -> (from.get(i) - mean) * (from.get(i) - mean));
            ReferenceBuffer.of(statistics.mean()).set(c, mean);
            ReferenceBuffer.of(statistics.spread()).set(c, 1 / Math.sqrt(squares / count(g) + g.epsilon()));
            if (running != null) {
                blend(running.momentum(), running.mean(), c, mean);
                blend(running.momentum(), running.variance(), c, squares / (count(g) - 1));
            }
        }
        forwardInference(g, x, parameters, statistics, relu, y);
    }

    private static void blend(double momentum, Buffer running, int channel, double value) {
        ReferenceBuffer values = ReferenceBuffer.of(running);
        values.set(channel, (1 - momentum) * values.get(channel) + momentum * value);
    }

    /** {@code 1 / sqrt(variance + epsilon)} of a channel. */
    private static double reciprocal(BatchNorm2dGeometry g, NormStatistics statistics, int channel) {
        double spread = ReferenceBuffer.of(statistics.spread()).get(channel);
        return statistics.ofBatch() ? spread : 1 / Math.sqrt(spread + g.epsilon());
    }

    @Override
    public void forwardInference(
            BatchNorm2dGeometry g,
            Buffer x,
            NormParameters parameters,
            NormStatistics statistics,
            boolean relu,
            Buffer y) {
        ReferenceBuffer from = ReferenceBuffer.of(x);
        ReferenceBuffer to = ReferenceBuffer.of(y);
        for (int c = 0; c < g.channels(); c++) {
            double mean = ReferenceBuffer.of(statistics.mean()).get(c);
            double scale = ReferenceBuffer.of(parameters.gamma()).get(c) * reciprocal(g, statistics, c);
            double shift = ReferenceBuffer.of(parameters.beta()).get(c);
            for (int i = 0; i < count(g); i++) {
                int at = place(g, c, i);
                to.set(at, scale * (from.get(at) - mean) + shift);
            }
        }
        if (relu) {
            unary.relu(y);
        }
    }

    @Override
    public void gradient(
            BatchNorm2dGeometry g,
            Buffer x,
            Buffer gamma,
            NormStatistics statistics,
            Buffer dy,
            NormGradients gradients) {
        ReferenceBuffer from = ReferenceBuffer.of(x);
        ReferenceBuffer upstream = ReferenceBuffer.of(dy);
        for (int c = 0; c < g.channels(); c++) {
            double mean = ReferenceBuffer.of(statistics.mean()).get(c);
            double reciprocal = reciprocal(g, statistics, c);
            IntToDoubleFunction xhat = i -> (from.get(i) - mean) * reciprocal;
            double dgamma = sum(g, c, i -> upstream.get(i) * xhat.applyAsDouble(i));
            double dbeta = sum(g, c, upstream::get);
            if (gradients.dgamma() != null) {
                ReferenceBuffer.of(gradients.dgamma()).set(c, dgamma);
            }
            if (gradients.dbeta() != null) {
                ReferenceBuffer.of(gradients.dbeta()).set(c, dbeta);
            }
            if (gradients.dx() != null) {
                double scale = ReferenceBuffer.of(gamma).get(c) * reciprocal;
                for (int i = 0; i < count(g); i++) {
                    int at = place(g, c, i);
                    double throughStatistics =
                            statistics.ofBatch() ? (dbeta + xhat.applyAsDouble(at) * dgamma) / count(g) : 0;
                    ReferenceBuffer.of(gradients.dx()).set(at, scale * (upstream.get(at) - throughStatistics));
                }
            }
        }
    }
}
