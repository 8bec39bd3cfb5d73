package dev.striate.backend.cpu;

import dev.striate.backend.BatchNorm2dGeometry;
import dev.striate.backend.BatchNorm2dKernels;
import dev.striate.backend.Buffer;
import dev.striate.backend.NormGradients;
import dev.striate.backend.NormParameters;
import dev.striate.backend.NormStatistics;
import dev.striate.backend.RunningStatistics;
import dev.striate.backend.cpu.simd.ReductionKernels;
import dev.striate.backend.cpu.simd.SimdKernels;
import org.jspecify.annotations.Nullable;

/**
 * Batch normalisation: the planes' sums are combined in double precision, the rest is float32. Each thread has some
 * channels and goes through them image by image, in the order in which they lie in memory.
 */
final class CpuBatchNorm2d implements BatchNorm2dKernels {

    private final CpuThreads threads;
    private final SimdKernels simd;
    private final ReductionKernels reductions;
    private final ThreadLocal<ReductionKernels.Accumulator> accumulators;

    CpuBatchNorm2d(CpuContext context) {
        this.threads = context.threads();
        this.simd = context.simd();
        this.reductions = simd.reductions();
        this.accumulators = ThreadLocal.withInitial(reductions::accumulator);
    }

    private static int count(BatchNorm2dGeometry g) {
        return g.batch() * g.plane();
    }

    void forEachChannel(BatchNorm2dGeometry g, CpuThreads.Range body) {
        threads.forRange(g.channels(), (long) g.channels() * count(g), body);
    }

    /** Which plane of x a channel of an image is. */
    private static int plane(BatchNorm2dGeometry g, int image, int channel) {
        return image * g.channels() + channel;
    }

    /** How the elements of a channel are normalised: {@code (x - center) scale + shift}. */
    record Line(float center, float scale, float shift) {

        private static Line of(
                BatchNorm2dGeometry g, NormParameters parameters, int channel, double mean, double variance) {
            double scale = CpuBuffer.of(parameters.gamma()).get(channel) / Math.sqrt(variance + g.epsilon());
            // A mean that is large beside the deviation cannot be rounded without harm: what is lost goes into the
            // shift.
            float center = (float) mean;
            double shift = CpuBuffer.of(parameters.beta()).get(channel) - (mean - center) * scale;
            return new Line(center, (float) scale, (float) shift);
        }
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
        forEachChannel(
                g,
                (from, to) ->
                        normalise(g, from, to, x, train(g, from, to, x, parameters, statistics, running), relu, y));
    }

    /**
     * Computes the statistics of some channels, and returns the lines that follow from them; those of other channels
     * are null. Mean and squared distances are taken plane by plane, in two passes over what the second finds in the
     * cache, and the planes' merged: the corrected two-pass algorithm and updating formula of Chan, Golub and LeVeque,
     * "Algorithms for computing the sample variance: analysis and recommendations" (1983).
     */
    Line[] train(
            BatchNorm2dGeometry g,
            int first,
            int end,
            Buffer x,
            NormParameters parameters,
            NormStatistics statistics,
            @Nullable RunningStatistics running) {
        CpuBuffer in = CpuBuffer.of(x);
        ReductionKernels.Accumulator accumulator = accumulators.get();
        double[] sums = new double[g.channels()];
        double[] squares = new double[g.channels()];
        for (int image = 0; image < g.batch(); image++) {
            for (int c = first; c < end; c++) {
                int at = in.offset + plane(g, image, c) * g.plane();
                // The mean as a float32 sum gives it; the distances from there correct it, however far it is from 0.
                float center = (float) (reductions.sum(g.plane(), in.array, at, accumulator) / g.plane());
                double planeSquares = reductions.sumOfSquares(g.plane(), in.array, at, center, accumulator);
                double correction = accumulator.sum() / g.plane();
                double planeMean = center + correction;
                planeSquares -= correction * accumulator.sum();
                if (!Double.isFinite(planeSquares)) {
                    // The vectorised loop squares in float32, which overflows from deviations of about 1e18 on.
                    planeMean = Sums.sum(in.array, at, 1, g.plane()) / g.plane();
                    planeSquares = Sums.squares(in.array, at, planeMean, g.plane());
                }
                squares[c] += planeSquares;
                if (image > 0) {
                    double distance = planeMean - sums[c] / ((double) image * g.plane());
                    squares[c] += distance * distance * g.plane() * image / (image + 1);
                }
                sums[c] += planeMean * g.plane();
            }
        }
        Line[] lines = new Line[g.channels()];
        for (int c = first; c < end; c++) {
            double mean = sums[c] / count(g);
            double variance = squares[c] / count(g);
            CpuBuffer.of(statistics.mean()).set(c, mean);
            CpuBuffer.of(statistics.spread()).set(c, 1 / Math.sqrt(variance + g.epsilon()));
            if (running != null) {
                blend(running.momentum(), running.mean(), c, mean);
                blend(running.momentum(), running.variance(), c, squares[c] / (count(g) - 1));
            }
            lines[c] = Line.of(g, parameters, c, mean, variance);
        }
        return lines;
    }

    private static void blend(double momentum, Buffer running, int channel, double value) {
        CpuBuffer values = CpuBuffer.of(running);
        values.set(channel, (1 - momentum) * values.get(channel) + momentum * value);
    }

    @Override
    public void forwardInference(
            BatchNorm2dGeometry g,
            Buffer x,
            NormParameters parameters,
            NormStatistics statistics,
            boolean relu,
            Buffer y) {
        Line[] lines = infer(g, parameters, statistics);
        forEachChannel(g, (from, to) -> normalise(g, from, to, x, lines, relu, y));
    }

    /** The lines that follow from given statistics. */
    static Line[] infer(BatchNorm2dGeometry g, NormParameters parameters, NormStatistics statistics) {
        Line[] lines = new Line[g.channels()];
        for (int c = 0; c < lines.length; c++) {
            double mean = CpuBuffer.of(statistics.mean()).get(c);
            lines[c] = Line.of(
                    g, parameters, c, mean, CpuBuffer.of(statistics.spread()).get(c));
        }
        return lines;
    }

    private void normalise(BatchNorm2dGeometry g, int first, int end, Buffer x, Line[] lines, boolean relu, Buffer y) {
        CpuBuffer out = CpuBuffer.of(y);
        for (int image = 0; image < g.batch(); image++) {
            int at = out.offset + plane(g, image, first) * g.plane();
            normalise(g, image, first, end, x, lines, out.array, at);
            if (relu) {
                simd.elementwise().relu((end - first) * g.plane(), out.array, at, out.array, at);
            }
        }
    }

    /** Some channels of an image, to {@code y} from {@code at} on. */
    void normalise(BatchNorm2dGeometry g, int image, int first, int end, Buffer x, Line[] lines, float[] y, int at) {
        CpuBuffer in = CpuBuffer.of(x);
        for (int c = first; c < end; c++) {
            Line line = lines[c];
            int from = in.offset + plane(g, image, c) * g.plane();
            int to = at + (c - first) * g.plane();
            simd.elementwise().scaleAndShift(g.plane(), in.array, from, line.center, line.scale, line.shift, y, to);
        }
    }

    /** The gradients of the normalised elements, plane by plane. */
    interface Upstream {

        /**
         * Leaves the sum of a plane's gradients and that of their products with the distances of {@code x} from {@code
         * center} as {@link ReductionKernels#sumAndDot} does.
         */
        void sumAndDot(int plane, CpuBuffer x, float center, ReductionKernels.Accumulator accumulator);

        /** Writes a plane's part of {@code dx}. */
        void gradient(int plane, CpuBuffer x, GradientLine line, CpuBuffer dx);
    }

    /** What {@link dev.striate.backend.cpu.simd.ElementwiseKernels#normGradient} needs to know of a channel. */
    record GradientLine(float mean, float factor, float shiftShare, float scaleShare) {}

    private record Whole(SimdKernels simd, BatchNorm2dGeometry g, CpuBuffer dy) implements Upstream {

        @Override
        public void sumAndDot(int plane, CpuBuffer x, float center, ReductionKernels.Accumulator accumulator) {
            int at = plane * g.plane();
            simd.reductions()
                    .sumAndDot(g.plane(), x.array, x.offset + at, center, dy.array, dy.offset + at, accumulator);
        }

        @Override
        public void gradient(int plane, CpuBuffer x, GradientLine line, CpuBuffer dx) {
            int at = plane * g.plane();
            simd.elementwise()
                    .normGradient(
                            g.plane(),
                            x.array,
                            x.offset + at,
                            line.mean,
                            dy.array,
                            dy.offset + at,
                            line.factor,
                            line.shiftShare,
                            line.scaleShare,
                            dx.array,
                            dx.offset + at);
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
        gradient(g, x, gamma, statistics, new Whole(simd, g, CpuBuffer.of(dy)), gradients);
    }

    void gradient(
            BatchNorm2dGeometry g,
            Buffer x,
            Buffer gamma,
            NormStatistics statistics,
            Upstream dy,
            NormGradients gradients) {
        CpuBuffer in = CpuBuffer.of(x);
        CpuBuffer means = CpuBuffer.of(statistics.mean());
        CpuBuffer dx = CpuBuffer.ofNullable(gradients.dx());
        CpuBuffer dgamma = CpuBuffer.ofNullable(gradients.dgamma());
        CpuBuffer dbeta = CpuBuffer.ofNullable(gradients.dbeta());
        forEachChannel(g, (from, to) -> {
            ReductionKernels.Accumulator accumulator = accumulators.get();
            double[] sums = new double[g.channels()];
            double[] dots = new double[g.channels()];
            for (int image = 0; image < g.batch(); image++) {
                for (int c = from; c < to; c++) {
                    dy.sumAndDot(plane(g, image, c), in, means.get(c), accumulator);
                    sums[c] += accumulator.sum();
                    dots[c] += accumulator.dot();
                }
            }
            GradientLine[] lines = new GradientLine[g.channels()];
            for (int c = from; c < to; c++) {
                double spread = CpuBuffer.of(statistics.spread()).get(c);
                double reciprocal = statistics.ofBatch() ? spread : 1 / Math.sqrt(spread + g.epsilon());
                double scaleGradient = dots[c] * reciprocal;
                if (dgamma != null) {
                    dgamma.set(c, scaleGradient);
                }
                if (dbeta != null) {
                    dbeta.set(c, sums[c]);
                }
                lines[c] = new GradientLine(
                        means.get(c),
                        (float) (CpuBuffer.of(gamma).get(c) * reciprocal),
                        statistics.ofBatch() ? (float) (sums[c] / count(g)) : 0f,
                        statistics.ofBatch() ? (float) (scaleGradient * reciprocal / count(g)) : 0f);
            }
            for (int image = 0; dx != null && image < g.batch(); image++) {
                for (int c = from; c < to; c++) {
                    dy.gradient(plane(g, image, c), in, lines[c], dx);
                }
            }
        });
    }
}
