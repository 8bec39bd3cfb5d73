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
        if (g.dilationH() == 1 && g.dilationW() == 1) {
            averages(g).forward(body -> forEachWindow(g, countIncludePad, body), x, y);
        } else {
            DilatedAverages.of(threads, g, countIncludePad).forward(x, y);
        }
    }

    @Override
    public void gradient(Pool2dGeometry g, boolean countIncludePad, Buffer dy, Buffer dx) {
        if (g.dilationH() == 1 && g.dilationW() == 1) {
            averages(g).gradient(body -> forEachWindow(g, countIncludePad, body), dy, dx);
        } else {
            DilatedAverages.of(threads, g, countIncludePad).gradient(dy, dx);
        }
    }

    private WindowAverages averages(Pool2dGeometry g) {
        int outputs = g.outHeight() * g.outWidth();
        long work = (long) g.planes() * outputs * (g.mostPixels() + 4);
        return new WindowAverages(threads, g.planes(), g.inHeight(), g.inWidth(), outputs, work);
    }

    private static void forEachWindow(Pool2dGeometry g, boolean countIncludePad, WindowAverages.Window body) {
        for (int oy = 0; oy < g.outHeight(); oy++) {
            int y = oy * g.strideH() - g.padTop();
            int top = Math.max(0, y);
            int bottom = Math.min(g.inHeight(), y + g.kernelHeight());
            int paddedHeight = Math.min(g.inHeight() + g.padBottom(), y + g.kernelHeight()) - y;
            for (int ox = 0; ox < g.outWidth(); ox++) {
                int x = ox * g.strideW() - g.padLeft();
                int left = Math.max(0, x);
                int right = Math.min(g.inWidth(), x + g.kernelWidth());
                int paddedWidth = Math.min(g.inWidth() + g.padRight(), x + g.kernelWidth()) - x;
                int divisor = countIncludePad
                        ? Math.max(0, paddedHeight) * Math.max(0, paddedWidth)
                        : Math.max(0, bottom - top) * Math.max(0, right - left);
                body.visit(oy * g.outWidth() + ox, top, bottom, left, right, divisor);
            }
        }
    }
}
