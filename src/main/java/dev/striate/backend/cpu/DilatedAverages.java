package dev.striate.backend.cpu;

import dev.striate.backend.Buffer;
import dev.striate.backend.Pool2dGeometry;
import java.util.Arrays;

/**
 * Averages over windows with gaps and their gradients, plane by plane. {@link WindowAverages} has none: its loops are
 * faster with constant steps.
 */
record DilatedAverages(CpuThreads threads, Pool2dGeometry g, Axis rows, Axis columns) {

    static DilatedAverages of(CpuThreads threads, Pool2dGeometry g, boolean countIncludePad) {
        Axis rows = new Axis(g.outHeight(), g.inHeight(), g.dilationH());
        Axis columns = new Axis(g.outWidth(), g.inWidth(), g.dilationW());
        rows.fill(g.kernelHeight(), g.strideH(), g.padTop(), countIncludePad ? g.padBottom() : -1);
        columns.fill(g.kernelWidth(), g.strideW(), g.padLeft(), countIncludePad ? g.padRight() : -1);
        return new DilatedAverages(threads, g, rows, columns);
    }

    /** The windows along an axis. */
    private static final class Axis {

        private final int size;
        private final int dilation;
        /** From one pixel of a window to the next. A step as large as the image leaves it; larger ones could overflow. */
        private final int step;
        /** The first pixel of each window inside the image. */
        private final int[] first;
        /** The end of its pixels. */
        private final int[] end;
        /** How many of its elements count. */
        private final int[] counts;

        Axis(int windows, int size, int dilation) {
            this.size = size;
            this.dilation = dilation;
            step = Math.min(dilation, size);
            first = new int[windows];
            end = new int[windows];
            counts = new int[windows];
        }

        /** @param padAfter the padding after the image, or -1 if padding does not count */
        void fill(int kernel, int stride, int padBefore, int padAfter) {
            for (int i = 0; i < first.length; i++) {
                int start = i * stride - padBefore;
                int endOfWindow = start + (kernel - 1) * dilation + 1;
                first[i] = CpuMaxPool2d.firstInside(start, dilation);
                end[i] = Math.min(size, endOfWindow);
                counts[i] = padAfter < 0 ? taps(first[i], end[i]) : taps(start, Math.min(size + padAfter, endOfWindow));
            }
        }

        /** How many of {@code from, from + dilation, ...} are below {@code to}. */
        private int taps(int from, int to) {
            return from >= to ? 0 : (to - 1 - from) / dilation + 1;
        }
    }

    void forward(Buffer x, Buffer y) {
        CpuBuffer in = CpuBuffer.of(x);
        CpuBuffer out = CpuBuffer.of(y);
        forEachPlane((image, output) -> {
            int at = out.offset + output;
            for (int oy = 0; oy < g.outHeight(); oy++) {
                for (int ox = 0; ox < g.outWidth(); ox++) {
                    double sum = 0;
                    for (int iy = rows.first[oy]; iy < rows.end[oy]; iy += rows.step) {
                        int line = in.offset + image + iy * g.inWidth();
                        for (int ix = columns.first[ox]; ix < columns.end[ox]; ix += columns.step) {
                            sum += in.array[line + ix];
                        }
                    }
                    int divisor = rows.counts[oy] * columns.counts[ox];
                    out.array[at++] = divisor == 0 ? 0f : (float) (sum / divisor);
                }
            }
        });
    }

    void gradient(Buffer dy, Buffer dx) {
        CpuBuffer in = CpuBuffer.of(dy);
        CpuBuffer out = CpuBuffer.of(dx);
        forEachPlane((image, output) -> {
            int start = out.offset + image;
            Arrays.fill(out.array, start, start + g.inHeight() * g.inWidth(), 0f);
            int at = in.offset + output;
            for (int oy = 0; oy < g.outHeight(); oy++) {
                for (int ox = 0; ox < g.outWidth(); ox++) {
                    float share = in.array[at++] / (rows.counts[oy] * columns.counts[ox]);
                    for (int iy = rows.first[oy]; iy < rows.end[oy]; iy += rows.step) {
                        int line = start + iy * g.inWidth();
                        for (int ix = columns.first[ox]; ix < columns.end[ox]; ix += columns.step) {
                            out.array[line + ix] += share;
                        }
                    }
                }
            }
        });
    }

    /** Where a plane's image and its outputs start. */
    private interface Plane {
        void run(int image, int output);
    }

    private void forEachPlane(Plane body) {
        int inPlane = g.inHeight() * g.inWidth();
        int outPlane = g.outHeight() * g.outWidth();
        threads.forRange(g.planes(), (long) g.planes() * (inPlane + outPlane * (g.mostPixels() + 4)), (from, to) -> {
            for (int plane = from; plane < to; plane++) {
                body.run(plane * inPlane, plane * outPlane);
            }
        });
    }
}
