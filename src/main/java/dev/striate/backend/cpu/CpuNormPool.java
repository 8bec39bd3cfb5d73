package dev.striate.backend.cpu;

import dev.striate.backend.BatchNorm2dGeometry;
import dev.striate.backend.Buffer;
import dev.striate.backend.IndexBuffer;
import dev.striate.backend.NormGradients;
import dev.striate.backend.NormParameters;
import dev.striate.backend.NormPoolKernels;
import dev.striate.backend.NormStatistics;
import dev.striate.backend.Pool2dGeometry;
import dev.striate.backend.RunningStatistics;
import dev.striate.backend.cpu.CpuBatchNorm2d.GradientLine;
import dev.striate.backend.cpu.CpuBatchNorm2d.Line;
import dev.striate.backend.cpu.CpuBatchNorm2d.Upstream;
import dev.striate.backend.cpu.simd.ReductionKernels;
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

    /** Scratch space of this thread. */
    private float[] scratch(int length) {
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
            Buffer x,
            NormParameters parameters,
            boolean relu,
            Buffer y,
            IndexBuffer indices,
            NormStatistics statistics,
            @Nullable RunningStatistics running) {
        norm.forEachChannel(g, (from, to) -> {
            Line[] lines = norm.train(g, from, to, x, parameters, statistics, running);
            forward(g, window, from, to, x, lines, relu, y, indices);
        });
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
        Line[] lines = CpuBatchNorm2d.infer(g, parameters, statistics);
        norm.forEachChannel(g, (from, to) -> forward(g, window, from, to, x, lines, relu, y, indices));
    }

    private void forward(
            BatchNorm2dGeometry g,
            Pool2dGeometry window,
            int firstChannel,
            int endChannel,
            Buffer x,
            Line[] lines,
            boolean relu,
            Buffer y,
            IndexBuffer indices) {
        CpuBuffer out = CpuBuffer.of(y);
        int[] places = CpuIndexBuffer.of(indices).array;
        int outPlane = outPlane(window);
        int most = planesAtOnce(g);
        float[] planes = scratch(most * g.plane() + BEYOND);
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
            Buffer x,
            Buffer gamma,
            NormStatistics statistics,
            Buffer dy,
            IndexBuffer indices,
            NormGradients gradients) {
        int[] places = CpuIndexBuffer.of(indices).array;
        Upstream maxima = new AtMaxima(g.plane(), outPlane(window), CpuBuffer.of(dy), places);
        norm.gradient(g, x, gamma, statistics, maxima, gradients);
    }

    /** The gradients of the normalised elements: those of the outputs where these found their maximum, 0 elsewhere. */
    private final class AtMaxima implements Upstream {

        private final int pixels;
        private final int outputs;
        private final CpuBuffer dy;
        private final int[] places;

        /**
         * @param pixels  of a plane before it was pooled
         * @param outputs of a plane
         */
        AtMaxima(int pixels, int outputs, CpuBuffer dy, int[] places) {
            this.pixels = pixels;
            this.outputs = outputs;
            this.dy = dy;
            this.places = places;
        }

        @Override
        public void sumAndDot(int plane, CpuBuffer x, float center, ReductionKernels.Accumulator accumulator) {
            // The maxima before they were normalised, and behind them the gradients that go somewhere: those of windows
            // without a pixel go nowhere.
            float[] maxima = scratch(2 * outputs);
            int from = plane * outputs;
            boolean empty = false;
            for (int i = 0; i < outputs; i++) {
                int place = places[from + i];
                maxima[i] = place < 0 ? center : x.get(plane * pixels + place);
                empty |= place < 0;
            }
            if (!empty) {
                simd.reductions().sumAndDot(outputs, maxima, 0, center, dy.array, dy.offset + from, accumulator);
                return;
            }
            for (int i = 0; i < outputs; i++) {
                maxima[outputs + i] = places[from + i] < 0 ? 0f : dy.get(from + i);
            }
            simd.reductions().sumAndDot(outputs, maxima, 0, center, maxima, outputs, accumulator);
        }

        @Override
        public void gradient(int plane, CpuBuffer x, GradientLine line, CpuBuffer dx) {
            float factor = line.factor();
            float scale = -factor * line.scaleShare();
            int in = x.offset + plane * pixels;
            int out = dx.offset + plane * pixels;
            if (factor == 0
                    || line.scaleShare() == 0
                    || Math.abs(scale) >= Float.MIN_NORMAL && Math.abs(scale) <= Float.MAX_VALUE) {
                float shift = -factor * line.shiftShare();
                simd.elementwise().scaleAndShift(pixels, x.array, in, line.mean(), scale, shift, dx.array, out);
            } else {
                // Both factors are finite, but their product vanishes or overflows: elements around 1e30 or 1e-30.
                for (int i = 0; i < pixels; i++) {
                    float distance = x.array[in + i] - line.mean();
                    dx.array[out + i] = -factor * (line.shiftShare() + distance * line.scaleShare());
                }
            }
            int from = plane * outputs;
            for (int i = 0; i < outputs; i++) {
                int place = places[from + i];
                if (place >= 0) {
                    dx.array[out + place] += factor * dy.get(from + i);
                }
            }
        }
    }
}
