package dev.striate.backend.cpu.simd;

import java.util.Arrays;

/**
 * The plain-Java twin; it also takes the ends of runs that fill no vector. Sums run in four chains, so that four are in
 * flight.
 */
final class PlainFlatKernels implements FlatKernels {

    @Override
    public double sum(int n, float[] x, int xOffset, Room room) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int i = xOffset;
        int end = xOffset + n;
        for (; i + 4 <= end; i += 4) {
            s0 += x[i];
            s1 += x[i + 1];
            s2 += x[i + 2];
            s3 += x[i + 3];
        }
        for (; i < end; i++) {
            s0 += x[i];
        }
        return (s0 + s1) + (s2 + s3);
    }

    @Override
    public double sumRuns(int runs, int n, int step, float[] x, int xOffset, Room room) {
        double total = 0;
        for (int run = 0; run < runs; run++) {
            total += sum(n, x, xOffset + run * step, room);
        }
        return total;
    }

    @Override
    public double sumOfSquares(int n, float[] x, int xOffset, double center, Room room) {
        double s0 = 0;
        double s1 = 0;
        double q0 = 0;
        double q1 = 0;
        int i = xOffset;
        int end = xOffset + n;
        for (; i + 2 <= end; i += 2) {
            double d0 = x[i] - center;
            double d1 = x[i + 1] - center;
            s0 += d0;
            s1 += d1;
            q0 += d0 * d0;
            q1 += d1 * d1;
        }
        if (i < end) {
            double d = x[i] - center;
            s0 += d;
            q0 += d * d;
        }
        room.leave(s0 + s1, 0);
        return q0 + q1;
    }

    @Override
    public void sumAndDot(int n, float[] x, int xOffset, double center, float[] y, int yOffset, Room room) {
        double s0 = 0;
        double s1 = 0;
        double d0 = 0;
        double d1 = 0;
        int i = 0;
        for (; i + 2 <= n; i += 2) {
            double y0 = y[yOffset + i];
            double y1 = y[yOffset + i + 1];
            s0 += y0;
            s1 += y1;
            d0 += (x[xOffset + i] - center) * y0;
            d1 += (x[xOffset + i + 1] - center) * y1;
        }
        if (i < n) {
            s0 += y[yOffset + i];
            d0 += (x[xOffset + i] - center) * y[yOffset + i];
        }
        room.leave(s0 + s1, d0 + d1);
    }

    @Override
    public void normGradient(
            int n,
            float[] x,
            int xOffset,
            float mean,
            float[] dy,
            int dyOffset,
            float factor,
            float shiftShare,
            float scaleShare,
            float[] dx,
            int dxOffset) {
        if (xOffset == dxOffset && dyOffset == dxOffset) {
            for (int i = dxOffset; i < dxOffset + n; i++) {
                dx[i] = factor * ((dy[i] - shiftShare) - (x[i] - mean) * scaleShare);
            }
        } else {
            for (int i = 0; i < n; i++) {
                dx[dxOffset + i] = factor * ((dy[dyOffset + i] - shiftShare) - (x[xOffset + i] - mean) * scaleShare);
            }
        }
    }

    @Override
    public void maxPool2x2(
            int planes,
            int inHeight,
            int inWidth,
            int outHeight,
            int outWidth,
            float[] x,
            int xOffset,
            float[] y,
            int yOffset,
            int[] indices,
            int indexOffset) {
        int output = 0;
        for (int plane = 0; plane < planes; plane++) {
            int start = xOffset + plane * inHeight * inWidth;
            for (int oy = 0; oy < outHeight; oy++, output += outWidth) {
                maxPoolLine(
                        outWidth,
                        x,
                        start,
                        start + 2 * oy * inWidth,
                        inWidth,
                        y,
                        yOffset + output,
                        indices,
                        indexOffset + output);
            }
        }
    }

    /**
     * One line of outputs, from {@code x[top ..]} and the line below. Where the maximum lies is a matter of chance, so
     * it is chosen by conditional moves of indices: no branch that the processor would guess wrong, and no float, for
     * which C2 has none.
     */
    static void maxPoolLine(
            int n, float[] x, int plane, int top, int inWidth, float[] y, int yOffset, int[] indices, int indexOffset) {
        for (int i = 0; i < n; i++) {
            int upper = top + 2 * i;
            int lower = upper + inWidth;
            float a = x[upper];
            float b = x[upper + 1];
            float c = x[lower];
            float d = x[lower + 1];
            int bestAbove = b > a ? upper + 1 : upper;
            int bestBelow = d > c ? lower + 1 : lower;
            int best = x[bestBelow] > x[bestAbove] ? bestBelow : bestAbove;
            float sum = (a + b) + (c + d);
            // NaN from a NaN, or from infinities of both signs.
            if (Float.isNaN(sum)) {
                best = firstNaN(x, upper, lower, best);
            }
            y[yOffset + i] = x[best];
            indices[indexOffset + i] = best - plane;
        }
    }

    @Override
    public void maxPool2x2Gradient(
            int planes,
            int inHeight,
            int inWidth,
            int outHeight,
            int outWidth,
            float[] dy,
            int dyOffset,
            int[] indices,
            int indexOffset,
            float[] dx,
            int dxOffset) {
        int pixels = inHeight * inWidth;
        int outputs = outHeight * outWidth;
        Arrays.fill(dx, dxOffset, dxOffset + planes * pixels, 0f);
        for (int plane = 0; plane < planes; plane++) {
            int first = plane * outputs;
            scatter(outputs, dy, dyOffset + first, indices, indexOffset + first, dx, dxOffset + plane * pixels);
        }
    }

    /** @param plane where in {@code dx} the plane begins */
    static void scatter(int n, float[] dy, int dyOffset, int[] indices, int indexOffset, float[] dx, int plane) {
        for (int i = 0; i < n; i++) {
            dx[plane + indices[indexOffset + i]] = dy[dyOffset + i];
        }
    }

    private static int firstNaN(float[] x, int upper, int lower, int otherwise) {
        if (Float.isNaN(x[upper])) {
            return upper;
        }
        if (Float.isNaN(x[upper + 1])) {
            return upper + 1;
        }
        if (Float.isNaN(x[lower])) {
            return lower;
        }
        return Float.isNaN(x[lower + 1]) ? lower + 1 : otherwise;
    }

    @Override
    public void descend(int n, float rate, float weightDecay, float[] g, int gOffset, float[] w, int wOffset) {
        for (int i = 0; i < n; i++) {
            float weight = w[wOffset + i];
            w[wOffset + i] = weight - rate * (g[gOffset + i] + weightDecay * weight);
        }
    }

    @Override
    public void descendWithMomentum(
            int n,
            float rate,
            float weightDecay,
            float momentum,
            float undamped,
            boolean nesterov,
            float[] g,
            int gOffset,
            float[] v,
            int vOffset,
            float[] w,
            int wOffset) {
        for (int i = 0; i < n; i++) {
            float weight = w[wOffset + i];
            float d = g[gOffset + i] + weightDecay * weight;
            float velocity = momentum * v[vOffset + i] + undamped * d;
            v[vOffset + i] = velocity;
            w[wOffset + i] = weight - rate * (nesterov ? d + momentum * velocity : velocity);
        }
    }

    @Override
    public void adam(
            int n,
            AdamFactors factors,
            float[] g,
            int gOffset,
            float[] m,
            int mOffset,
            float[] v,
            int vOffset,
            float[] w,
            int wOffset) {
        float beta1 = factors.beta1();
        float rest1 = factors.rest1();
        float beta2 = factors.beta2();
        float rest2 = factors.rest2();
        float rate = factors.rate();
        float rootOfCorrection2 = factors.rootOfCorrection2();
        float epsilon = factors.epsilon();
        float coupledDecay = factors.coupledDecay();
        float shrink = factors.shrink();
        for (int i = 0; i < n; i++) {
            float weight = w[wOffset + i];
            float d = g[gOffset + i] + coupledDecay * weight;
            float mean = beta1 * m[mOffset + i] + rest1 * d;
            float square = beta2 * v[vOffset + i] + rest2 * d * d;
            m[mOffset + i] = mean;
            v[vOffset + i] = square;
            float deviation = (float) Math.sqrt(square) / rootOfCorrection2;
            w[wOffset + i] = shrink * weight - rate * mean / (deviation + epsilon);
        }
    }
}
