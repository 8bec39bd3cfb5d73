package dev.striate.backend.cpu;

import dev.striate.backend.Buffer;
import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.Im2ColKernels;
import java.util.Arrays;

/** The patch matrix and its transpose; one channel of one image is a task's smallest piece. */
final class CpuIm2Col implements Im2ColKernels {

    private final CpuThreads threads;

    CpuIm2Col(CpuContext context) {
        this.threads = context.threads();
    }

    private static long work(Conv2dGeometry g) {
        return (long) g.batch()
                * g.inChannels()
                * g.kernelHeight()
                * g.kernelWidth()
                * g.outHeight()
                * g.outWidth()
                / 2;
    }

    @Override
    public void im2col(Conv2dGeometry g, Buffer x, Buffer columns) {
        CpuBuffer in = CpuBuffer.of(x);
        CpuBuffer out = CpuBuffer.of(columns);
        int kernel = g.kernelHeight() * g.kernelWidth();
        int positions = g.outHeight() * g.outWidth();
        threads.forRange(g.batch() * g.inChannels(), work(g), (from, to) -> {
            Arrays.fill(out.array, out.offset + from * kernel * positions, out.offset + to * kernel * positions, 0f);
            for (int plane = from; plane < to; plane++) {
                int image = in.offset + plane * g.inHeight() * g.inWidth();
                int matrix = out.offset + plane * kernel * positions;
                forEachLine(g, (tap, oy, iy, firstX, endX, ix) -> {
                    int read = image + iy * g.inWidth() + ix;
                    int at = matrix + tap * positions + oy * g.outWidth() + firstX;
                    for (int i = 0; i < endX - firstX; i++) {
                        out.array[at + i] = in.array[read + i * g.strideW()];
                    }
                });
            }
        });
    }

    @Override
    public void col2im(Conv2dGeometry g, Buffer columns, Buffer x) {
        CpuBuffer in = CpuBuffer.of(columns);
        CpuBuffer out = CpuBuffer.of(x);
        int kernel = g.kernelHeight() * g.kernelWidth();
        int positions = g.outHeight() * g.outWidth();
        int pixels = g.inHeight() * g.inWidth();
        threads.forRange(g.batch() * g.inChannels(), work(g), (from, to) -> {
            Arrays.fill(out.array, out.offset + from * pixels, out.offset + to * pixels, 0f);
            for (int plane = from; plane < to; plane++) {
                int image = out.offset + plane * pixels;
                int matrix = in.offset + plane * kernel * positions;
                forEachLine(g, (tap, oy, iy, firstX, endX, ix) -> {
                    int read = matrix + tap * positions + oy * g.outWidth() + firstX;
                    int at = image + iy * g.inWidth() + ix;
                    for (int i = 0; i < endX - firstX; i++) {
                        out.array[at + i * g.strideW()] += in.array[read + i];
                    }
                });
            }
        });
    }

    /** One tap over one line: outputs {@code firstX .. endX-1} of line oy read line iy from column ix on. */
    private interface Line {
        void run(int tap, int oy, int iy, int firstX, int endX, int ix);
    }

    /** Visits every tap and every output line, cut to the outputs for which the tap lies within the image. */
    private static void forEachLine(Conv2dGeometry g, Line body) {
        for (int ky = 0; ky < g.kernelHeight(); ky++) {
            for (int kx = 0; kx < g.kernelWidth(); kx++) {
                int shift = kx * g.dilationW() - g.padLeft();
                int firstX = shift >= 0 ? 0 : Sizes.ceilDiv(-shift, g.strideW());
                int endX = shift >= g.inWidth()
                        ? 0
                        : Math.min(g.outWidth(), Sizes.ceilDiv(g.inWidth() - shift, g.strideW()));
                if (firstX >= endX) {
                    continue;
                }
                for (int oy = 0; oy < g.outHeight(); oy++) {
                    int iy = oy * g.strideH() - g.padTop() + ky * g.dilationH();
                    if (iy >= 0 && iy < g.inHeight()) {
                        body.run(ky * g.kernelWidth() + kx, oy, iy, firstX, endX, firstX * g.strideW() + shift);
                    }
                }
            }
        }
    }
}
