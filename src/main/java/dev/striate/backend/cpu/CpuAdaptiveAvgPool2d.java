package dev.striate.backend.cpu;

import dev.striate.backend.AdaptiveAvgPool2dGeometry;
import dev.striate.backend.AdaptiveAvgPool2dKernels;
import dev.striate.backend.Buffer;

/** Average pooling to a given size. */
final class CpuAdaptiveAvgPool2d implements AdaptiveAvgPool2dKernels {

    private final CpuThreads threads;

    CpuAdaptiveAvgPool2d(CpuContext context) {
        this.threads = context.threads();
    }

    @Override
    public void forward(AdaptiveAvgPool2dGeometry g, Buffer x, Buffer y) {
        averages(g).forward(body -> forEachWindow(g, body), x, y);
    }

    @Override
    public void gradient(AdaptiveAvgPool2dGeometry g, Buffer dy, Buffer dx) {
        averages(g).gradient(body -> forEachWindow(g, body), dy, dx);
    }

    private WindowAverages averages(AdaptiveAvgPool2dGeometry g) {
        int outputs = g.outHeight() * g.outWidth();
        long work = (long) g.planes() * ((long) g.inHeight() * g.inWidth() + 8L * outputs);
        return new WindowAverages(threads, g.planes(), g.inHeight(), g.inWidth(), outputs, work);
    }

    private static void forEachWindow(AdaptiveAvgPool2dGeometry g, WindowAverages.Window body) {
        for (int oy = 0; oy < g.outHeight(); oy++) {
            int top = begin(oy, g.inHeight(), g.outHeight());
            int bottom = end(oy, g.inHeight(), g.outHeight());
            for (int ox = 0; ox < g.outWidth(); ox++) {
                int left = begin(ox, g.inWidth(), g.outWidth());
                int right = end(ox, g.inWidth(), g.outWidth());
                body.visit(oy * g.outWidth() + ox, top, bottom, left, right, (bottom - top) * (right - left));
            }
        }
    }

    /** The first input line of output line {@code i}. */
    private static int begin(int i, int in, int out) {
        return (int) ((long) i * in / out);
    }

    /** The input line after the last of output line {@code i}. */
    private static int end(int i, int in, int out) {
        return (int) (((i + 1L) * in + out - 1) / out);
    }
}
