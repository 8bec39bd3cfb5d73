package dev.striate.backend.cpu;

import dev.striate.backend.AvgPool2dKernels;
import dev.striate.backend.Buffer;
import dev.striate.backend.Pool2dGeometry;
import java.util.Arrays;

/** Average pooling, plane by plane. */
final class CpuAvgPool2d implements AvgPool2dKernels {

    private final CpuThreads threads;

    CpuAvgPool2d(CpuContext context) {
        this.threads = context.threads();
    }

    private static long work(Pool2dGeometry g) {
        return (long) g.planes() * g.outHeight() * g.outWidth() * (g.mostPixels() + 4);
    }

    @Override
    public void forward(Pool2dGeometry g, boolean countIncludePad, Buffer x, Buffer y) {
        CpuBuffer in = CpuBuffer.of(x);
        CpuBuffer out = CpuBuffer.of(y);
        int outPlane = g.outHeight() * g.outWidth();
        threads.forRange(g.planes(), work(g), (from, to) -> {
            for (int plane = from; plane < to; plane++) {
                int image = in.offset + plane * g.inHeight() * g.inWidth();
                int at = out.offset + plane * outPlane;
                forEachWindow(g, countIncludePad, (output, top, bottom, left, right, divisor) -> {
                    double sum = 0;
                    for (int iy = top; iy < bottom; iy++) {
                        int line = image + iy * g.inWidth();
                        for (int ix = left; ix < right; ix++) {
                            sum += in.array[line + ix];
                        }
                    }
                    out.array[at + output] = divisor == 0 ? 0f : (float) (sum / divisor);
                });
            }
        });
    }

    @Override
    public void gradient(Pool2dGeometry g, boolean countIncludePad, Buffer dy, Buffer dx) {
        CpuBuffer in = CpuBuffer.of(dy);
        CpuBuffer out = CpuBuffer.of(dx);
        int inPlane = g.inHeight() * g.inWidth();
        int outPlane = g.outHeight() * g.outWidth();
        threads.forRange(g.planes(), work(g), (from, to) -> {
            Arrays.fill(out.array, out.offset + from * inPlane, out.offset + to * inPlane, 0f);
            for (int plane = from; plane < to; plane++) {
                int image = out.offset + plane * inPlane;
                int at = in.offset + plane * outPlane;
                forEachWindow(g, countIncludePad, (output, top, bottom, left, right, divisor) -> {
                    float share = in.array[at + output] / divisor;
                    for (int iy = top; iy < bottom; iy++) {
                        int line = image + iy * g.inWidth();
                        for (int ix = left; ix < right; ix++) {
                            out.array[line + ix] += share;
                        }
                    }
                });
            }
        });
    }

    /** A window's number in its plane, the part of it that lies within the image, and what its sum is divided by. */
    private interface Window {
        void visit(int output, int top, int bottom, int left, int right, int divisor);
    }

    private static void forEachWindow(Pool2dGeometry g, boolean countIncludePad, Window body) {
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
