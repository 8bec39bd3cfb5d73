package dev.striate.backend.cpu;

import dev.striate.backend.BatchNorm2dGeometry;
import dev.striate.backend.Buffer;
import dev.striate.backend.IndexBuffer;
import dev.striate.backend.NormPoolKernels;
import dev.striate.backend.Pool2dGeometry;
import dev.striate.backend.cpu.simd.FlatKernels;
import dev.striate.backend.cpu.simd.SimdKernels;
import org.jspecify.annotations.Nullable;

/**
 * {@link CpuBatchNorm2d} and {@link CpuMaxPool2d} by turns, some planes of an image at a time: the normalised elements
 * stay in the first cache. Only the maxima among them have gradients of their own, so these are nowhere spread over a
 * plane.
 */
final class CpuNormPool implements NormPoolKernels {

    /** Elements between normalisation and pooling, about: 16 KiB. */
    private static final int GROUP = 1 << 12;
    /** Vectors that are read for the last window of all may stick out this far. */
    private static final int BEYOND = 64;

    private final SimdKernels simd;
    private final CpuBatchNorm2d norm;
    private final CpuMaxPool2d pool;
    private final ThreadLocal<float[]> scratch = ThreadLocal.withInitial(() -> new float[0]);

    CpuNormPool(CpuContext context, CpuBatchNorm2d norm, CpuMaxPool2d pool) {
        this.simd = context.simd();
        this.norm = norm;
        this.pool = pool;
    }

    private static int planesAtOnce(BatchNorm2dGeometry g) {
        return Math.max(1, Math.min(g.channels(), GROUP / g.plane()));
    }

    /** This thread's room to work in. */
    private float[] room(int length) {
        if (scratch.get().length < length) {
            scratch.set(new float[length]);
        }
        return scratch.get();
    }

    private static int outPlane(Pool2dGeometry window) {
        return window.outHeight() * window.outWidth();
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
        CpuBatchNorm2d.Statistics statistics =
                CpuBatchNorm2d.Statistics.of(mean, reciprocal, momentum, runningMean, runningVariance);
        norm.forEachChannel(
                g,
                (from, to) -> forward(
                        g, window, relu, from, to, x, norm.train(g, from, to, x, gamma, beta, statistics), y, indices));
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
        norm.forEachChannel(g, (from, to) -> {
            CpuBatchNorm2d.Lines lines = CpuBatchNorm2d.infer(g, from, to, gamma, beta, mean, variance);
            forward(g, window, relu, from, to, x, lines, y, indices);
        });
    }

    private void forward(
            BatchNorm2dGeometry g,
            Pool2dGeometry window,
            boolean relu,
            int firstChannel,
            int endChannel,
            Buffer x,
            CpuBatchNorm2d.Lines lines,
            Buffer y,
            IndexBuffer indices) {
        CpuBuffer out = CpuBuffer.of(y);
        int[] places = CpuIndexBuffer.of(indices).array;
        int outPlane = outPlane(window);
        int most = planesAtOnce(g);
        float[] planes = room(most * g.plane() + BEYOND);
        for (int image = 0; image < g.batch(); image++) {
            for (int c = firstChannel; c < endChannel; c += most) {
                int end = Math.min(endChannel, c + most);
                norm.normalise(g, image, c, end, x, lines, planes, 0);
                int place = (image * g.channels() + c) * outPlane;
                int at = out.offset + place;
                pool.forward(window, end - c, planes, 0, out.array, at, places, place);
                if (relu) {
                    simd.elementwise().relu((end - c) * outPlane, out.array, at, out.array, at);
                }
            }
        }
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
        norm.gradient(
                g,
                batchStatistics,
                x,
                gamma,
                mean,
                spread,
                () -> new AtMaxima(g, window, CpuBuffer.of(dy), CpuIndexBuffer.of(indices).array),
                dx,
                dgamma,
                dbeta);
    }

    /** The gradients of the normalised elements: those of the outputs where these found their maximum, 0 elsewhere. */
    private final class AtMaxima implements CpuBatchNorm2d.Upstream {

        private final BatchNorm2dGeometry g;
        private final CpuBuffer dy;
        private final int[] places;
        private final int outputs;
        /**
         * Of a plane's outputs: the maxima before they were normalised, and behind them what gradients go somewhere.
         */
        private final float[] maxima;

        AtMaxima(BatchNorm2dGeometry g, Pool2dGeometry window, CpuBuffer dy, int[] places) {
            this.g = g;
            this.dy = dy;
            this.places = places;
            this.outputs = outPlane(window);
            this.maxima = room(2 * outputs);
        }

        @Override
        public void sumAndDot(int image, int channel, float[] x, int xOffset, float center, FlatKernels.Room room) {
            int from = planeStart(image, channel);
            boolean empty = false;
            for (int i = 0; i < outputs; i++) {
                int place = places[from + i];
                maxima[i] = place < 0 ? center : x[xOffset + place];
                empty |= place < 0;
            }
            if (!empty) {
                simd.flat().sumAndDot(outputs, maxima, 0, center, dy.array, dy.offset + from, room);
                return;
            }
            // Windows without a pixel: what comes to their outputs goes nowhere.
            for (int i = 0; i < outputs; i++) {
                maxima[outputs + i] = places[from + i] < 0 ? 0f : dy.array[dy.offset + from + i];
            }
            simd.flat().sumAndDot(outputs, maxima, 0, center, maxima, outputs, room);
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
            float scale = -factor * scaleShare;
            if (factor == 0
                    || scaleShare == 0
                    || Math.abs(scale) >= Float.MIN_NORMAL && Math.abs(scale) <= Float.MAX_VALUE) {
                simd.elementwise()
                        .scaleAndShift(g.plane(), x, xOffset, mean, scale, -factor * shiftShare, dx, dxOffset);
            } else {
                // Both factors are finite, but their product vanishes or overflows: elements around 1e30 or 1e-30.
                for (int i = 0; i < g.plane(); i++) {
                    dx[dxOffset + i] = -factor * (shiftShare + (x[xOffset + i] - mean) * scaleShare);
                }
            }
            int from = planeStart(image, channel);
            for (int i = 0; i < outputs; i++) {
                int place = places[from + i];
                if (place >= 0) {
                    dx[dxOffset + place] += factor * dy.array[dy.offset + from + i];
                }
            }
        }

        /** The first of a plane's outputs. */
        private int planeStart(int image, int channel) {
            return (image * g.channels() + channel) * outputs;
        }
    }
}
