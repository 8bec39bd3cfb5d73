package dev.striate.backend.cpu;

import dev.striate.backend.BatchNorm2dGeometry;
import dev.striate.backend.Buffer;
import dev.striate.backend.IndexBuffer;
import dev.striate.backend.NormPoolKernels;
import dev.striate.backend.Pool2dGeometry;
import dev.striate.backend.cpu.simd.SimdKernels;
import org.jspecify.annotations.Nullable;

/**
 * {@link CpuBatchNorm2d} and {@link CpuMaxPool2d} by turns, some planes of an image at a time. What lies between them stays in
 * the first cache, the normalised elements as well as their gradients, which are made twice: that takes less time than to write
 * them to memory once.
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

    /** This thread's room for as many planes. */
    private float[] room(BatchNorm2dGeometry g) {
        int length = planesAtOnce(g) * g.plane() + BEYOND;
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
            Buffer variance,
            @Nullable Buffer runningMean,
            @Nullable Buffer runningVariance) {
        CpuBatchNorm2d.Statistics statistics =
                CpuBatchNorm2d.Statistics.of(mean, variance, momentum, runningMean, runningVariance);
        norm.forEachChannel(g, (from, to) ->
                forward(g, window, relu, from, to, x, norm.train(g, from, to, x, gamma, beta, statistics), y, indices));
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
            BatchNorm2dGeometry g, Pool2dGeometry window, boolean relu, int firstChannel, int endChannel, Buffer x,
            CpuBatchNorm2d.Lines lines, Buffer y, IndexBuffer indices) {
        CpuBuffer out = CpuBuffer.of(y);
        int[] places = CpuIndexBuffer.of(indices).array;
        int outPlane = outPlane(window);
        int most = planesAtOnce(g);
        float[] planes = room(g);
        for (int image = 0; image < g.batch(); image++) {
            for (int c = firstChannel; c < endChannel; c += most) {
                int end = Math.min(endChannel, c + most);
                norm.normalise(g, image, c, end, x, lines, planes, 0);
                int place = (image * g.channels() + c) * outPlane;
                int at = out.offset + place;
                pool.forward(window, end - c, planes, 0, out.array, at, places, place);
                if (relu) {
                    simd.relu((end - c) * outPlane, out.array, at, out.array, at);
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
            Buffer variance,
            Buffer dy,
            IndexBuffer indices,
            @Nullable Buffer dx,
            @Nullable Buffer dgamma,
            @Nullable Buffer dbeta) {
        norm.gradient(
                g, batchStatistics, x, gamma, mean, variance,
                (from, to) -> new Spread(g, window, from, to, CpuBuffer.of(dy), CpuIndexBuffer.of(indices).array, room(g)),
                dx, dgamma, dbeta);
    }

    /** The gradients of the normalised elements, made from those of the maxima when the first of some planes is asked for. */
    private final class Spread implements CpuBatchNorm2d.Upstream {

        private final BatchNorm2dGeometry g;
        private final Pool2dGeometry window;
        private final int firstChannel;
        private final int endChannel;
        private final CpuBuffer dy;
        private final int[] places;
        private final float[] planes;
        private final int most;

        Spread(
                BatchNorm2dGeometry g, Pool2dGeometry window, int firstChannel, int endChannel, CpuBuffer dy, int[] places,
                float[] planes) {
            this.g = g;
            this.window = window;
            this.firstChannel = firstChannel;
            this.endChannel = endChannel;
            this.dy = dy;
            this.places = places;
            this.planes = planes;
            this.most = planesAtOnce(g);
        }

        @Override
        public int plane(int image, int channel) {
            int i = (channel - firstChannel) % most;
            if (i == 0) {
                int place = (image * g.channels() + channel) * outPlane(window);
                int count = Math.min(most, endChannel - channel);
                pool.gradient(window, count, dy.array, dy.offset + place, places, place, planes, 0);
            }
            return i * g.plane();
        }

        @Override
        public float[] array() {
            return planes;
        }
    }
}
