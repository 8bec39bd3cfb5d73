package dev.striate.backend.cpu;

import dev.striate.backend.BatchNorm2dGeometry;
import dev.striate.backend.BatchNorm2dKernels;
import dev.striate.backend.Buffer;
import dev.striate.backend.UnaryKernels;
import dev.striate.backend.cpu.simd.FlatKernels;
import dev.striate.backend.cpu.simd.SimdKernels;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Batch normalisation, channel by channel: the planes' sums are combined in double precision, the rest is
 * float32.
 */
final class CpuBatchNorm2d implements BatchNorm2dKernels {

    private final CpuThreads threads;
    private final SimdKernels simd;
    private final FlatKernels flat;
    private final UnaryKernels unary;

    CpuBatchNorm2d(CpuContext context, UnaryKernels unary) {
        this.threads = context.threads();
        this.simd = context.simd();
        this.flat = simd.flat();
        this.unary = unary;
    }

    private static int count(BatchNorm2dGeometry g) {
        return g.batch() * g.plane();
    }

    private void forEachChannel(BatchNorm2dGeometry g, CpuThreads.Range body) {
        threads.forRange(g.channels(), (long) g.channels() * count(g), body);
    }

    /** Where a channel's plane in an image begins. */
    private static int planeStart(BatchNorm2dGeometry g, int image, int channel) {
        return (image * g.channels() + channel) * g.plane();
    }

    /**
     * Mean and squared distances are taken plane by plane, in two passes over what the second finds in the cache, and the planes'
     * merged: the corrected two-pass algorithm and updating formula of Chan, Golub and LeVeque, "Algorithms for computing the
     * sample variance: analysis and recommendations" (1983).
     */
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
            Buffer variance,
            @Nullable Buffer runningMean,
            @Nullable Buffer runningVariance) {
        CpuBuffer in = CpuBuffer.of(x);
        CpuBuffer means = CpuBuffer.of(mean);
        CpuBuffer variances = CpuBuffer.of(variance);
        CpuBuffer scale = CpuBuffer.of(gamma);
        CpuBuffer shift = CpuBuffer.of(beta);
        CpuBuffer out = CpuBuffer.of(y);
        CpuBuffer runningMeans = runningMean == null ? null : CpuBuffer.of(runningMean);
        CpuBuffer runningVariances = runningMean == null ? null : CpuBuffer.of(Objects.requireNonNull(runningVariance));
        forEachChannel(g, (from, to) -> {
            FlatKernels.Room room = flat.room();
            for (int c = from; c < to; c++) {
                double sum = 0;
                double squares = 0;
                for (int image = 0; image < g.batch(); image++) {
                    int at = in.offset + planeStart(g, image, c);
                    // The mean as a float32 sum gives it; the distances from there correct it, however far it is from 0.
                    float center = (float) (flat.sum(g.plane(), in.array, at, room) / g.plane());
                    squares += flat.sumOfSquares(g.plane(), in.array, at, center, room);
                    double correction = room.sum() / g.plane();
                    double planeMean = center + correction;
                    double planeSum = planeMean * g.plane();
                    squares -= correction * room.sum();
                    if (image > 0) {
                        double distance = planeMean - sum / ((double) image * g.plane());
                        squares += distance * distance * g.plane() * image / (image + 1);
                    }
                    sum += planeSum;
                }
                double m = sum / count(g);
                double v = squares / count(g);
                means.array[means.offset + c] = (float) m;
                variances.array[variances.offset + c] = (float) v;
                if (runningMeans != null) {
                    blend(momentum, runningMeans, c, m);
                    blend(momentum, runningVariances, c, squares / (count(g) - 1));
                }
                normalise(g, c, in, m, v, scale, shift, out);
            }
        });
        if (relu) {
            unary.relu(y);
        }
    }

    private static void blend(double momentum, CpuBuffer running, int channel, double value) {
        int at = running.offset + channel;
        running.array[at] = (float) ((1 - momentum) * running.array[at] + momentum * value);
    }

    @Override
    public void forwardInference(
            BatchNorm2dGeometry g, boolean relu, Buffer x, Buffer gamma, Buffer beta, Buffer mean, Buffer variance, Buffer y) {
        CpuBuffer in = CpuBuffer.of(x);
        CpuBuffer means = CpuBuffer.of(mean);
        CpuBuffer variances = CpuBuffer.of(variance);
        CpuBuffer scale = CpuBuffer.of(gamma);
        CpuBuffer shift = CpuBuffer.of(beta);
        CpuBuffer out = CpuBuffer.of(y);
        forEachChannel(g, (from, to) -> {
            for (int c = from; c < to; c++) {
                normalise(g, c, in, means.array[means.offset + c], variances.array[variances.offset + c], scale, shift, out);
            }
        });
        if (relu) {
            unary.relu(y);
        }
    }

    private void normalise(
            BatchNorm2dGeometry g, int c, CpuBuffer x, double mean, double variance, CpuBuffer gamma, CpuBuffer beta,
            CpuBuffer y) {
        double scale = gamma.array[gamma.offset + c] / Math.sqrt(variance + g.epsilon());
        // A mean that is large beside the deviation cannot be rounded without harm: what is lost goes into the shift.
        float center = (float) mean;
        float shift = (float) (beta.array[beta.offset + c] - (mean - center) * scale);
        for (int image = 0; image < g.batch(); image++) {
            int start = planeStart(g, image, c);
            simd.scaleAndShift(
                    g.plane(), x.array, x.offset + start, center, (float) scale, shift, y.array, y.offset + start);
        }
    }

    @Override
    public void gradient(
            BatchNorm2dGeometry g,
            boolean batchStatistics,
            Buffer x,
            Buffer gamma,
            Buffer mean,
            Buffer variance,
            Buffer dy,
            @Nullable Buffer dx,
            @Nullable Buffer dgamma,
            @Nullable Buffer dbeta) {
        CpuBuffer in = CpuBuffer.of(x);
        CpuBuffer upstream = CpuBuffer.of(dy);
        CpuBuffer scale = CpuBuffer.of(gamma);
        CpuBuffer means = CpuBuffer.of(mean);
        CpuBuffer variances = CpuBuffer.of(variance);
        CpuBuffer out = dx == null ? null : CpuBuffer.of(dx);
        CpuBuffer scaleGradients = dgamma == null ? null : CpuBuffer.of(dgamma);
        CpuBuffer shiftGradients = dbeta == null ? null : CpuBuffer.of(dbeta);
        forEachChannel(g, (from, to) -> {
            FlatKernels.Room room = flat.room();
            for (int c = from; c < to; c++) {
                float m = means.array[means.offset + c];
                double reciprocal = 1 / Math.sqrt(variances.array[variances.offset + c] + (double) g.epsilon());
                double sum = 0;
                double dot = 0;
                for (int image = 0; image < g.batch(); image++) {
                    int at = planeStart(g, image, c);
                    flat.sumAndDot(g.plane(), in.array, in.offset + at, m, upstream.array, upstream.offset + at, room);
                    sum += room.sum();
                    dot += room.dot();
                }
                double scaleGradient = dot * reciprocal;
                if (scaleGradients != null) {
                    scaleGradients.array[scaleGradients.offset + c] = (float) scaleGradient;
                }
                if (shiftGradients != null) {
                    shiftGradients.array[shiftGradients.offset + c] = (float) sum;
                }
                if (out != null) {
                    float factor = (float) (scale.array[scale.offset + c] * reciprocal);
                    float shiftShare = batchStatistics ? (float) (sum / count(g)) : 0f;
                    float scaleShare = batchStatistics ? (float) (scaleGradient * reciprocal / count(g)) : 0f;
                    inputGradient(g, c, in, m, upstream, factor, shiftShare, scaleShare, out);
                }
            }
        });
    }

    private void inputGradient(
            BatchNorm2dGeometry g, int c, CpuBuffer x, float mean, CpuBuffer dy, float factor, float shiftShare, float scaleShare,
            CpuBuffer dx) {
        for (int image = 0; image < g.batch(); image++) {
            int at = planeStart(g, image, c);
            flat.normGradient(g.plane(), x.array, x.offset + at, mean, dy.array, dy.offset + at, factor, shiftShare, scaleShare,
                    dx.array, dx.offset + at);
        }
    }
}
