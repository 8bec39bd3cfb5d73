package dev.striate.backend.cpu;

import dev.striate.backend.AvgPool2dKernels;
import dev.striate.backend.Buffer;
import dev.striate.backend.Pool2dGeometry;

/** Average pooling. */
final class CpuAvgPool2d implements AvgPool2dKernels {

    private final CpuThreads threads;

    CpuAvgPool2d(CpuContext context) {
        this.threads = context.threads();
    }

    @Override
    public void forward(Pool2dGeometry g, boolean countIncludePad, Buffer x, Buffer y) {
        averages(g).forward(body -> forEachWindow(g, countIncludePad, body), x, y);
    }

    @Override
    public void gradient(Pool2dGeometry g, boolean countIncludePad, Buffer dy, Buffer dx) {
        averages(g).gradient(body -> forEachWindow(g, countIncludePad, body), dy, dx);
    }

    private WindowAverages averages(Pool2dGeometry g) {
        int outputs = g.outHeight() * g.outWidth();
        long work = (long) g.planes() * outputs * (g.mostPixels() + 4);
        return new WindowAverages(
                threads, g.planes(), g.inHeight(), g.inWidth(), outputs, g.dilationH(), g.dilationW(), work);
    }

    private static void forEachWindow(Pool2dGeometry g, boolean countIncludePad, WindowAverages.Window body) {
        for (int oy = 0; oy < g.outHeight(); oy++) {
            int y = oy * g.strideH() - g.padTop();
            int endY = y + (g.kernelHeight() - 1) * g.dilationH() + 1;
            int top = CpuMaxPool2d.firstInside(y, g.dilationH());
            int bottom = Math.min(g.inHeight(), endY);
            int rows = countIncludePad
                    ? taps(y, Math.min(g.inHeight() + g.padBottom(), endY), g.dilationH())
                    : taps(top, bottom, g.dilationH());
            for (int ox = 0; ox < g.outWidth(); ox++) {
                int x = ox * g.strideW() - g.padLeft();
                int endX = x + (g.kernelWidth() - 1) * g.dilationW() + 1;
                int left = CpuMaxPool2d.firstInside(x, g.dilationW());
                int right = Math.min(g.inWidth(), endX);
                int columns = countIncludePad
                        ? taps(x, Math.min(g.inWidth() + g.padRight(), endX), g.dilationW())
                        : taps(left, right, g.dilationW());
                body.visit(oy * g.outWidth() + ox, top, bottom, left, right, rows * columns);
            }
        }
    }

    /** How many of {@code first, first + dilation, ...} are below {@code end}. */
    private static int taps(int first, int end, int dilation) {
        if (dilation == 1 || first >= end) {
            return Math.max(0, end - first);
        }
        return (end - 1 - first) / dilation + 1;
    }
}
