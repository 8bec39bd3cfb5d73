package dev.striate.backend.reference;

import dev.striate.backend.BatchNorm2dGeometry;
import dev.striate.backend.BatchNorm2dKernels;
import dev.striate.backend.Buffer;
import dev.striate.backend.UnaryKernels;
import java.util.Objects;
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
            float momentum,
            boolean relu,
            Buffer x,
            Buffer gamma,
            Buffer beta,
            Buffer y,
            Buffer mean,
            Buffer reciprocal,
            @Nullable Buffer runningMean,
            @Nullable Buffer runningVariance) {
        ReferenceBuffer from = ReferenceBuffer.of(x);
        for (int c = 0; c < g.channels(); c++) {
            double m = sum(g, c, from::get) / count(g);
            double squares = sum(g, c, i -> (from.get(i) - m) * (from.get(i) - m));
            ReferenceBuffer.of(mean).set(c, m);
            ReferenceBuffer.of(reciprocal).set(c, 1 / Math.sqrt(squares / count(g) + g.epsilon()));
            if (runningMean != null) {
                blend(momentum, ReferenceBuffer.of(runningMean), c, m);
                blend(
                        momentum,
                        ReferenceBuffer.of(Objects.requireNonNull(runningVariance)),
                        c,
                        squares / (count(g) - 1));
            }
        }
        normalise(g, true, relu, x, gamma, beta, mean, reciprocal, y);
    }

    private static void blend(double momentum, ReferenceBuffer running, int channel, double value) {
        running.set(channel, (1 - momentum) * running.get(channel) + momentum * value);
    }

    @Override
    public void forwardInference(
            BatchNorm2dGeometry g,
            boolean relu,
            Buffer x,
            Buffer gamma,
            Buffer beta,
            Buffer mean,
            Buffer variance,
            Buffer y) {
        normalise(g, false, relu, x, gamma, beta, mean, variance, y);
    }

    /** {@code 1 / sqrt(variance + epsilon)} of a channel. */
    private static double reciprocal(BatchNorm2dGeometry g, boolean batchStatistics, Buffer spread, int channel) {
        double value = ReferenceBuffer.of(spread).get(channel);
        return batchStatistics ? value : 1 / Math.sqrt(value + g.epsilon());
    }

    private void normalise(
            BatchNorm2dGeometry g,
            boolean batchStatistics,
            boolean relu,
            Buffer x,
            Buffer gamma,
            Buffer beta,
            Buffer mean,
            Buffer spread,
            Buffer y) {
        ReferenceBuffer from = ReferenceBuffer.of(x);
        ReferenceBuffer to = ReferenceBuffer.of(y);
        for (int c = 0; c < g.channels(); c++) {
            double m = ReferenceBuffer.of(mean).get(c);
            double scale = ReferenceBuffer.of(gamma).get(c) * reciprocal(g, batchStatistics, spread, c);
            double shift = ReferenceBuffer.of(beta).get(c);
            for (int i = 0; i < count(g); i++) {
                int at = place(g, c, i);
                to.set(at, scale * (from.get(at) - m) + shift);
            }
        }
        if (relu) {
            unary.relu(y);
        }
    }

    @Override
    public void gradient(
            BatchNorm2dGeometry g,
            boolean batchStatistics,
            Buffer x,
            Buffer gamma,
            Buffer mean,
            Buffer spread,
            Buffer dy,
            @Nullable Buffer dx,
            @Nullable Buffer dgamma,
            @Nullable Buffer dbeta) {
        ReferenceBuffer from = ReferenceBuffer.of(x);
        ReferenceBuffer upstream = ReferenceBuffer.of(dy);
        for (int c = 0; c < g.channels(); c++) {
            double m = ReferenceBuffer.of(mean).get(c);
            double reciprocal = reciprocal(g, batchStatistics, spread, c);
            IntToDoubleFunction xhat = i -> (from.get(i) - m) * reciprocal;
            double scaleGradient = sum(g, c, i -> upstream.get(i) * xhat.applyAsDouble(i));
            double shiftGradient = sum(g, c, upstream::get);
            if (dgamma != null) {
                ReferenceBuffer.of(dgamma).set(c, scaleGradient);
            }
            if (dbeta != null) {
                ReferenceBuffer.of(dbeta).set(c, shiftGradient);
            }
            if (dx != null) {
                double scale = ReferenceBuffer.of(gamma).get(c) * reciprocal;
                for (int i = 0; i < count(g); i++) {
                    int at = place(g, c, i);
                    double throughStatistics =
                            batchStatistics ? (shiftGradient + xhat.applyAsDouble(at) * scaleGradient) / count(g) : 0;
                    ReferenceBuffer.of(dx).set(at, scale * (upstream.get(at) - throughStatistics));
                }
            }
        }
    }
}
