package dev.striate.backend.cpu;

import dev.striate.backend.AdaptiveAvgPool2dGeometry;
import dev.striate.backend.AdaptiveAvgPool2dKernels;
import dev.striate.backend.Buffer;
import java.util.Arrays;

/** Average pooling to a given size, plane by plane. */
final class CpuAdaptiveAvgPool2d implements AdaptiveAvgPool2dKernels {

    private final CpuThreads threads;

    CpuAdaptiveAvgPool2d(CpuContext context) {
        this.threads = context.threads();
    }

    private static long work(AdaptiveAvgPool2dGeometry g) {
        return (long) g.planes() * ((long) g.inHeight() * g.inWidth() + 8L * g.outHeight() * g.outWidth());
    }

    /** The first input line of output line {@code i}. */
    private static int begin(int i, int in, int out) {
        return (int) ((long) i * in / out);
    }

    /** The input line after the last of output line {@code i}. */
    private static int end(int i, int in, int out) {
        return (int) (((i + 1L) * in + out - 1) / out);
    }

    @Override
    public void forward(AdaptiveAvgPool2dGeometry g, Buffer x, Buffer y) {
        CpuBuffer in = CpuBuffer.of(x);
        CpuBuffer out = CpuBuffer.of(y);
        threads.forRange(g.planes(), work(g), (from, to) -> {
            for (int plane = from; plane < to; plane++) {
                int image = in.offset + plane * g.inHeight() * g.inWidth();
                int at = out.offset + plane * g.outHeight() * g.outWidth();
                for (int oy = 0; oy < g.outHeight(); oy++) {
                    int top = begin(oy, g.inHeight(), g.outHeight());
                    int bottom = end(oy, g.inHeight(), g.outHeight());
                    for (int ox = 0; ox < g.outWidth(); ox++) {
                        int left = begin(ox, g.inWidth(), g.outWidth());
                        int width = end(ox, g.inWidth(), g.outWidth()) - left;
                        double sum = 0;
                        for (int iy = top; iy < bottom; iy++) {
                            sum += Sums.sum(in.array, image + iy * g.inWidth() + left, 1, width);
                        }
                        out.array[at++] = (float) (sum / ((bottom - top) * width));
                    }
                }
            }
        });
    }

    @Override
    public void gradient(AdaptiveAvgPool2dGeometry g, Buffer dy, Buffer dx) {
        CpuBuffer in = CpuBuffer.of(dy);
        CpuBuffer out = CpuBuffer.of(dx);
        int inPlane = g.inHeight() * g.inWidth();
        threads.forRange(g.planes(), work(g), (from, to) -> {
            Arrays.fill(out.array, out.offset + from * inPlane, out.offset + to * inPlane, 0f);
            for (int plane = from; plane < to; plane++) {
                int image = out.offset + plane * inPlane;
                int at = in.offset + plane * g.outHeight() * g.outWidth();
                for (int oy = 0; oy < g.outHeight(); oy++) {
                    int top = begin(oy, g.inHeight(), g.outHeight());
                    int bottom = end(oy, g.inHeight(), g.outHeight());
                    for (int ox = 0; ox < g.outWidth(); ox++) {
                        int left = begin(ox, g.inWidth(), g.outWidth());
                        int right = end(ox, g.inWidth(), g.outWidth());
                        float share = in.array[at++] / ((bottom - top) * (right - left));
                        for (int iy = top; iy < bottom; iy++) {
                            for (int i = image + iy * g.inWidth() + left; i < image + iy * g.inWidth() + right; i++) {
                                out.array[i] += share;
                            }
                        }
                    }
                }
            }
        });
    }
}
