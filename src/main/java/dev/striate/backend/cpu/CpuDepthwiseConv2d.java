package dev.striate.backend.cpu;

import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.cpu.simd.SimdKernels;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Convolution whose groups have one input channel each. There is nothing to share between channels that a matrix product could
 * use: these are direct loops, line by line and tap by tap, one plane per task.
 */
final class CpuDepthwiseConv2d {

    private final CpuThreads threads;
    private final SimdKernels simd;

    CpuDepthwiseConv2d(CpuContext context) {
        this.threads = context.threads();
        this.simd = context.simd();
    }

    private static long work(Conv2dGeometry g) {
        return (long) g.batch() * g.outChannels() * g.outHeight() * g.outWidth() * g.kernelHeight() * g.kernelWidth() / 2;
    }

    void forward(Conv2dGeometry g, CpuBuffer x, CpuBuffer w, @Nullable CpuBuffer bias, CpuBuffer y) {
        int inPlane = g.inHeight() * g.inWidth();
        int outPlane = g.outHeight() * g.outWidth();
        int kernel = g.kernelHeight() * g.kernelWidth();
        int multiplier = g.outChannelsPerGroup();
        threads.forRange(g.batch() * g.outChannels(), work(g), (from, to) -> {
            for (int plane = from; plane < to; plane++) {
                int image = plane / g.outChannels();
                int channel = plane % g.outChannels();
                int xPlane = x.offset + (image * g.inChannels() + channel / multiplier) * inPlane;
                int yPlane = y.offset + plane * outPlane;
                Arrays.fill(y.array, yPlane, yPlane + outPlane, bias == null ? 0f : bias.array[bias.offset + channel]);
                TapLines.forEach(g, (tap, oy, iy, firstX, endX, ix) -> {
                    float weight = w.array[w.offset + channel * kernel + tap];
                    int at = yPlane + oy * g.outWidth() + firstX;
                    int read = xPlane + iy * g.inWidth() + ix;
                    addScaled(endX - firstX, weight, x.array, read, g.strideW(), y.array, at, 1);
                });
            }
        });
    }

    void inputGradient(Conv2dGeometry g, CpuBuffer dy, CpuBuffer w, @Nullable CpuBuffer bias, CpuBuffer dx) {
        int inPlane = g.inHeight() * g.inWidth();
        int outPlane = g.outHeight() * g.outWidth();
        int kernel = g.kernelHeight() * g.kernelWidth();
        int multiplier = g.outChannelsPerGroup();
        threads.forRange(g.batch() * g.inChannels(), work(g), (from, to) -> {
            for (int plane = from; plane < to; plane++) {
                int image = plane / g.inChannels();
                int channel = plane % g.inChannels();
                int xPlane = dx.offset + plane * inPlane;
                Arrays.fill(dx.array, xPlane, xPlane + inPlane, bias == null ? 0f : bias.array[bias.offset + channel]);
                for (int outChannel = channel * multiplier; outChannel < (channel + 1) * multiplier; outChannel++) {
                    int kernelStart = w.offset + outChannel * kernel;
                    int yPlane = dy.offset + (image * g.outChannels() + outChannel) * outPlane;
                    TapLines.forEach(g, (tap, oy, iy, firstX, endX, ix) -> {
                        int read = yPlane + oy * g.outWidth() + firstX;
                        int at = xPlane + iy * g.inWidth() + ix;
                        addScaled(endX - firstX, w.array[kernelStart + tap], dy.array, read, 1, dx.array, at, g.strideW());
                    });
                }
            }
        });
    }

    void weightGradient(Conv2dGeometry g, CpuBuffer x, CpuBuffer dy, CpuBuffer dw, @Nullable CpuBuffer dbias) {
        int inPlane = g.inHeight() * g.inWidth();
        int outPlane = g.outHeight() * g.outWidth();
        int kernel = g.kernelHeight() * g.kernelWidth();
        int multiplier = g.outChannelsPerGroup();
        threads.forRange(g.outChannels(), work(g), (from, to) -> {
            double[] sums = new double[kernel];
            double[] room = new double[simd.flat().room()];
            for (int channel = from; channel < to; channel++) {
                Arrays.fill(sums, 0);
                double biasSum = 0;
                for (int image = 0; image < g.batch(); image++) {
                    int xPlane = x.offset + (image * g.inChannels() + channel / multiplier) * inPlane;
                    int yPlane = dy.offset + (image * g.outChannels() + channel) * outPlane;
                    biasSum += dbias == null ? 0 : simd.flat().sum(outPlane, dy.array, yPlane, room);
                    TapLines.forEach(g, (tap, oy, iy, firstX, endX, ix) -> {
                        int read = xPlane + iy * g.inWidth() + ix;
                        int line = yPlane + oy * g.outWidth() + firstX;
                        sums[tap] += Sums.dot(x.array, read, g.strideW(), 0, dy.array, line, 1, endX - firstX);
                    });
                }
                for (int tap = 0; tap < kernel; tap++) {
                    dw.array[dw.offset + channel * kernel + tap] = (float) sums[tap];
                }
                if (dbias != null) {
                    dbias.array[dbias.offset + channel] = (float) biasSum;
                }
            }
        });
    }

    /** {@code y += scale x}. */
    private void addScaled(int n, float scale, float[] x, int xStart, int xStride, float[] y, int yStart, int yStride) {
        if (xStride == 1 && yStride == 1) {
            simd.addScaled(n, scale, x, xStart, y, yStart);
        } else {
            for (int i = 0; i < n; i++) {
                y[yStart + i * yStride] += scale * x[xStart + i * xStride];
            }
        }
    }
}
