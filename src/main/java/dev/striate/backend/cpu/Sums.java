package dev.striate.backend.cpu;

/**
 * Sums over a run, in double precision and in four interleaved chains: as exact as a float32 result can show, and four
 * additions in flight. The order depends on the run alone.
 */
final class Sums {

    private Sums() {}

    /** The sum of {@code n} elements, {@code stride} apart. */
    static double sum(float[] x, int offset, int stride, int n) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int i = 0;
        int at = offset;
        for (; i + 4 <= n; i += 4) {
            s0 += x[at];
            s1 += x[at + stride];
            s2 += x[at + 2 * stride];
            s3 += x[at + 3 * stride];
            at += 4 * stride;
        }
        for (; i < n; i++) {
            s0 += x[at];
            at += stride;
        }
        return (s0 + s1) + (s2 + s3);
    }

    /** The sum of the squared distances of {@code n} neighbours from {@code center}. */
    static double squares(float[] x, int offset, double center, int n) {
        double sum = 0;
        for (int i = offset; i < offset + n; i++) {
            sum += (x[i] - center) * (x[i] - center);
        }
        return sum;
    }

    /** The sum of {@code n} products {@code (x - center) y}, x moving by {@code xStride} and y by {@code yStride}. */
    static double dot(float[] x, int xOffset, int xStride, double center, float[] y, int yOffset, int yStride, int n) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int i = 0;
        int ix = xOffset;
        int iy = yOffset;
        for (; i + 4 <= n; i += 4) {
            s0 += (x[ix] - center) * y[iy];
            s1 += (x[ix + xStride] - center) * y[iy + yStride];
            s2 += (x[ix + 2 * xStride] - center) * y[iy + 2 * yStride];
            s3 += (x[ix + 3 * xStride] - center) * y[iy + 3 * yStride];
            ix += 4 * xStride;
            iy += 4 * yStride;
        }
        for (; i < n; i++) {
            s0 += (x[ix] - center) * y[iy];
            ix += xStride;
            iy += yStride;
        }
        return (s0 + s1) + (s2 + s3);
    }
}
