package dev.striate.backend.cpu;

import dev.striate.backend.BatchNorm2dGeometry;
import dev.striate.backend.BatchNorm2dKernels;
import dev.striate.backend.Buffer;
import dev.striate.backend.cpu.simd.ElementwiseKernels;
import dev.striate.backend.cpu.simd.FlatKernels;
import dev.striate.backend.cpu.simd.SimdKernels;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Batch normalisation: the planes' sums are combined in double precision, the rest is float32. Each thread has some
 * channels and goes through them image by image, in the order in which they lie in memory.
 */
final class CpuBatchNorm2d implements BatchNorm2dKernels {

    private final CpuThreads threads;
    private final SimdKernels simd;
    private final FlatKernels flat;
    private final ThreadLocal<FlatKernels.Room> rooms;

    CpuBatchNorm2d(CpuContext context) {
        this.threads = context.threads();
        this.simd = context.simd();
        this.flat = simd.flat();
        this.rooms = ThreadLocal.withInitial(flat::room);
    }

    private static int count(BatchNorm2dGeometry g) {
        return g.batch() * g.plane();
    }

    void forEachChannel(BatchNorm2dGeometry g, CpuThreads.Range body) {
        threads.forRange(g.channels(), (long) g.channels() * count(g), body);
    }

    /** Where a channel's plane in an image begins. */
    static int planeStart(BatchNorm2dGeometry g, int image, int channel) {
        return (image * g.channels() + channel) * g.plane();
    }

    /**
     * What turns the elements of some channels into the normalised ones, {@code (x - center) scale + shift}: an element
     * for each channel from {@code first} on.
     */
    record Lines(int first, float[] center, float[] scale, float[] shift) {

        private static Lines of(int first, int end) {
            return new Lines(first, new float[end - first], new float[end - first], new float[end - first]);
        }

        private void set(BatchNorm2dGeometry g, int c, double mean, double variance, Buffer gamma, Buffer beta) {
            CpuBuffer scales = CpuBuffer.of(gamma);
            CpuBuffer shifts = CpuBuffer.of(beta);
            double factor = scales.array[scales.offset + c] / Math.sqrt(variance + g.epsilon());
            // A mean that is large beside the deviation cannot be rounded without harm: what is lost goes into the
            // shift.
            float rounded = (float) mean;
            center[c - first] = rounded;
            scale[c - first] = (float) factor;
            shift[c - first] = (float) (shifts.array[shifts.offset + c] - (mean - rounded) * factor);
        }
    }

    /** What a batch leaves besides its output, an element per channel each; running ones only if they are wanted. */
    record Statistics(
            CpuBuffer means,
            CpuBuffer reciprocals,
            double momentum,
            @Nullable CpuBuffer runningMeans,
            @Nullable CpuBuffer runningVariances) {

        static Statistics of(
                Buffer mean,
                Buffer reciprocal,
                float momentum,
                @Nullable Buffer runningMean,
                @Nullable Buffer runningVariance) {
            return new Statistics(
                    CpuBuffer.of(mean),
                    CpuBuffer.of(reciprocal),
                    momentum,
                    runningMean == null ? null : CpuBuffer.of(runningMean),
                    runningMean == null ? null : CpuBuffer.of(Objects.requireNonNull(runningVariance)));
        }

        /** @param squares the sum of squared distances from the mean */
        private void set(BatchNorm2dGeometry g, int channel, double mean, double squares) {
            int count = count(g);
            means.array[means.offset + channel] = (float) mean;
            reciprocals.array[reciprocals.offset + channel] = (float) (1 / Math.sqrt(squares / count + g.epsilon()));
            if (runningMeans != null) {
                blend(runningMeans, channel, mean);
                blend(Objects.requireNonNull(runningVariances), channel, squares / (count - 1));
            }
        }

        private void blend(CpuBuffer running, int channel, double value) {
            int at = running.offset + channel;
            running.array[at] = (float) ((1 - momentum) * running.array[at] + momentum * value);
        }
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
        Statistics statistics = Statistics.of(mean, reciprocal, momentum, runningMean, runningVariance);
        forEachChannel(
                g, (from, to) -> normalise(g, from, to, relu, x, train(g, from, to, x, gamma, beta, statistics), y));
    }

    /**
     * The statistics of some channels, and the lines that follow from them. Mean and squared distances are taken plane
     * by plane, in two passes over what the second finds in the cache, and the planes' merged: the corrected two-pass
     * algorithm and updating formula of Chan, Golub and LeVeque, "Algorithms for computing the sample variance:
     * analysis and recommendations" (1983).
     */
    Lines train(BatchNorm2dGeometry g, int first, int end, Buffer x, Buffer gamma, Buffer beta, Statistics statistics) {
        CpuBuffer in = CpuBuffer.of(x);
        FlatKernels.Room room = rooms.get();
        double[] sums = new double[end - first];
        double[] squares = new double[end - first];
        for (int image = 0; image < g.batch(); image++) {
            for (int c = first; c < end; c++) {
                int at = in.offset + planeStart(g, image, c);
                // The mean as a float32 sum gives it; the distances from there correct it, however far it is from 0.
                float center = (float) (flat.sum(g.plane(), in.array, at, room) / g.plane());
                int i = c - first;
                double planeSquares = flat.sumOfSquares(g.plane(), in.array, at, center, room);
                double correction = room.sum() / g.plane();
                double planeMean = center + correction;
                planeSquares -= correction * room.sum();
                if (!Double.isFinite(planeSquares)) {
                    // The vectorised loop squares in float32, which overflows from deviations of 4e18 on.
                    planeMean = Sums.sum(in.array, at, 1, g.plane()) / g.plane();
                    planeSquares = Sums.squares(in.array, at, planeMean, g.plane());
                }
                squares[i] += planeSquares;
                if (image > 0) {
                    double distance = planeMean - sums[i] / ((double) image * g.plane());
                    squares[i] += distance * distance * g.plane() * image / (image + 1);
                }
                sums[i] += planeMean * g.plane();
            }
        }
        Lines lines = Lines.of(first, end);
        for (int c = first; c < end; c++) {
            double mean = sums[c - first] / count(g);
            statistics.set(g, c, mean, squares[c - first]);
            lines.set(g, c, mean, squares[c - first] / count(g), gamma, beta);
        }
        return lines;
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
        forEachChannel(
                g, (from, to) -> normalise(g, from, to, relu, x, infer(g, from, to, gamma, beta, mean, variance), y));
    }

    /** The lines that follow from given statistics. */
    static Lines infer(
            BatchNorm2dGeometry g, int first, int end, Buffer gamma, Buffer beta, Buffer mean, Buffer variance) {
        CpuBuffer means = CpuBuffer.of(mean);
        CpuBuffer variances = CpuBuffer.of(variance);
        Lines lines = Lines.of(first, end);
        for (int c = first; c < end; c++) {
            lines.set(g, c, means.array[means.offset + c], variances.array[variances.offset + c], gamma, beta);
        }
        return lines;
    }

    private void normalise(BatchNorm2dGeometry g, int first, int end, boolean relu, Buffer x, Lines lines, Buffer y) {
        CpuBuffer out = CpuBuffer.of(y);
        for (int image = 0; image < g.batch(); image++) {
            int at = out.offset + planeStart(g, image, first);
            normalise(g, image, first, end, x, lines, out.array, at);
            if (relu) {
                int n = (end - first) * g.plane();
                simd.elementwise().relu(n, out.array, at, out.array, at);
            }
        }
    }

    /** Some channels of an image, to {@code y} from {@code at} on. */
    void normalise(BatchNorm2dGeometry g, int image, int first, int end, Buffer x, Lines lines, float[] y, int at) {
        CpuBuffer in = CpuBuffer.of(x);
        for (int c = first; c < end; c++) {
            int line = c - lines.first;
            simd.elementwise()
                    .scaleAndShift(
                            g.plane(),
                            in.array,
                            in.offset + planeStart(g, image, c),
                            lines.center[line],
                            lines.scale[line],
                            lines.shift[line],
                            y,
                            at + (c - first) * g.plane());
        }
    }

    /** The gradients of the normalised elements of some channels. */
    interface Upstream {

        /**
         * Leaves the sum of a plane's gradients and that of their products with the distances from {@code center} as
         * {@link FlatKernels#sumAndDot} does.
         *
         * @param x the plane's elements, from {@code xOffset} on
         */
        void sumAndDot(int image, int channel, float[] x, int xOffset, float center, FlatKernels.Room room);

        /** As {@link ElementwiseKernels#normGradient}, for a plane. */
        void normGradient(
                int image,
                int channel,
                float[] x,
                int xOffset,
                float mean,
                float factor,
                float shiftShare,
                float scaleShare,
                float[] dx,
                int dxOffset);
    }

    private record Whole(SimdKernels simd, BatchNorm2dGeometry g, CpuBuffer dy) implements Upstream {

        @Override
        public void sumAndDot(int image, int channel, float[] x, int xOffset, float center, FlatKernels.Room room) {
            simd.flat()
                    .sumAndDot(
                            g.plane(), x, xOffset, center, dy.array, dy.offset + planeStart(g, image, channel), room);
        }

        @Override
        public void normGradient(
                int image,
                int channel,
                float[] x,
                int xOffset,
                float mean,
                float factor,
                float shiftShare,
                float scaleShare,
                float[] dx,
                int dxOffset) {
            simd.elementwise()
                    .normGradient(
                            g.plane(),
                            x,
                            xOffset,
                            mean,
                            dy.array,
                            dy.offset + planeStart(g, image, channel),
                            factor,
                            shiftShare,
                            scaleShare,
                            dx,
                            dxOffset);
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
        Upstream whole = new Whole(simd, g, CpuBuffer.of(dy));
        gradient(g, batchStatistics, x, gamma, mean, spread, () -> whole, dx, dgamma, dbeta);
    }

    /** @param dy asked for by each thread */
    void gradient(
            BatchNorm2dGeometry g,
            boolean batchStatistics,
            Buffer x,
            Buffer gamma,
            Buffer mean,
            Buffer spread,
            Supplier<Upstream> dy,
            @Nullable Buffer dx,
            @Nullable Buffer dgamma,
            @Nullable Buffer dbeta) {
        CpuBuffer in = CpuBuffer.of(x);
        CpuBuffer scale = CpuBuffer.of(gamma);
        CpuBuffer means = CpuBuffer.of(mean);
        CpuBuffer spreads = CpuBuffer.of(spread);
        CpuBuffer out = dx == null ? null : CpuBuffer.of(dx);
        CpuBuffer scaleGradients = dgamma == null ? null : CpuBuffer.of(dgamma);
        CpuBuffer shiftGradients = dbeta == null ? null : CpuBuffer.of(dbeta);
        forEachChannel(g, (from, to) -> {
            Upstream upstream = dy.get();
            double[] sums = new double[to - from];
            double[] dots = new double[to - from];
            sumUp(g, from, to, in, means, upstream, sums, dots);
            float[] factors = new float[to - from];
            float[] shiftShares = new float[to - from];
            float[] scaleShares = new float[to - from];
            for (int c = from, i = 0; c < to; c++, i++) {
                double value = spreads.array[spreads.offset + c];
                double reciprocal = batchStatistics ? value : 1 / Math.sqrt(value + g.epsilon());
                double scaleGradient = dots[i] * reciprocal;
                if (scaleGradients != null) {
                    scaleGradients.array[scaleGradients.offset + c] = (float) scaleGradient;
                }
                if (shiftGradients != null) {
                    shiftGradients.array[shiftGradients.offset + c] = (float) sums[i];
                }
                factors[i] = (float) (scale.array[scale.offset + c] * reciprocal);
                shiftShares[i] = batchStatistics ? (float) (sums[i] / count(g)) : 0f;
                scaleShares[i] = batchStatistics ? (float) (scaleGradient * reciprocal / count(g)) : 0f;
            }
            if (out == null) {
                return;
            }
            for (int image = 0; image < g.batch(); image++) {
                for (int c = from, i = 0; c < to; c++, i++) {
                    int at = planeStart(g, image, c);
                    upstream.normGradient(
                            image,
                            c,
                            in.array,
                            in.offset + at,
                            means.array[means.offset + c],
                            factors[i],
                            shiftShares[i],
                            scaleShares[i],
                            out.array,
                            out.offset + at);
                }
            }
        });
    }

    /** Adds up the gradients of each channel, and their products with the distances from the mean. */
    private void sumUp(
            BatchNorm2dGeometry g,
            int first,
            int end,
            CpuBuffer x,
            CpuBuffer means,
            Upstream dy,
            double[] sums,
            double[] dots) {
        FlatKernels.Room room = rooms.get();
        for (int image = 0; image < g.batch(); image++) {
            for (int c = first; c < end; c++) {
                dy.sumAndDot(
                        image, c, x.array, x.offset + planeStart(g, image, c), means.array[means.offset + c], room);
                sums[c - first] += room.sum();
                dots[c - first] += room.dot();
            }
        }
    }
}
