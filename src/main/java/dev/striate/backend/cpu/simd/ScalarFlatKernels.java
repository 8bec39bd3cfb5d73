package dev.striate.backend.cpu.simd;

/**
 * The loops of {@link PanamaFlatKernels} without vectors, see {@link ScalarKernels}. What is computed per element has the bits of
 * the plain twin anyway; here are the sums, lane by lane.
 */
final class ScalarFlatKernels implements FlatKernels {

    private final PlainFlatKernels plain = new PlainFlatKernels();
    private final int lanes;
    /** Of a vector of doubles, as wide as one of floats. */
    private final int wideLanes;

    /** @param lanes of a vector of floats */
    ScalarFlatKernels(int lanes) {
        this.lanes = lanes;
        this.wideLanes = lanes / 2;
    }

    @Override
    public int room() {
        return 2 * wideLanes;
    }

    @Override
    public double sum(int n, float[] x, int xOffset, double[] room) {
        int end = xOffset + n;
        double total = 0;
        for (int lane = 0; lane < wideLanes; lane++) {
            double s0 = 0;
            double s1 = 0;
            double s2 = 0;
            double s3 = 0;
            for (int i = xOffset; i + 2 * lanes <= end; i += 2 * lanes) {
                s0 += x[i + lane];
                s1 += x[i + lane + wideLanes];
                s2 += x[i + lane + lanes];
                s3 += x[i + lane + lanes + wideLanes];
            }
            total += (s0 + s1) + (s2 + s3);
        }
        int summed = n / (2 * lanes) * (2 * lanes);
        return total + plain.sum(n - summed, x, xOffset + summed, room);
    }

    @Override
    public double sumOfSquares(int n, float[] x, int xOffset, double center, double[] room) {
        int summed = n / lanes * lanes;
        double total = 0;
        for (int lane = 0; lane < wideLanes; lane++) {
            double s0 = 0;
            double s1 = 0;
            for (int i = xOffset + lane; i < xOffset + summed; i += lanes) {
                double d0 = x[i] - center;
                double d1 = x[i + wideLanes] - center;
                s0 = Math.fma(d0, d0, s0);
                s1 = Math.fma(d1, d1, s1);
            }
            total += s0 + s1;
        }
        return total + plain.sumOfSquares(n - summed, x, xOffset + summed, center, room);
    }

    @Override
    public void sumAndDot(int n, float[] x, int xOffset, double center, float[] y, int yOffset, double[] room) {
        int summed = n / lanes * lanes;
        double sum = 0;
        double dot = 0;
        for (int lane = 0; lane < wideLanes; lane++) {
            double s0 = 0;
            double s1 = 0;
            double d0 = 0;
            double d1 = 0;
            for (int i = lane; i < summed; i += lanes) {
                double y0 = y[yOffset + i];
                double y1 = y[yOffset + i + wideLanes];
                s0 += y0;
                s1 += y1;
                d0 = Math.fma(x[xOffset + i] - center, y0, d0);
                d1 = Math.fma(x[xOffset + i + wideLanes] - center, y1, d1);
            }
            sum += s0 + s1;
            dot += d0 + d1;
        }
        plain.sumAndDot(n - summed, x, xOffset + summed, center, y, yOffset + summed, room);
        room[0] += sum;
        room[1] += dot;
    }

    @Override
    public void normGradient(
            int n, float[] x, int xOffset, float mean, float[] dy, int dyOffset, float factor, float shiftShare,
            float scaleShare, float[] dx, int dxOffset) {
        plain.normGradient(n, x, xOffset, mean, dy, dyOffset, factor, shiftShare, scaleShare, dx, dxOffset);
    }

    @Override
    public void maxPool2x2(
            int planes, int inHeight, int inWidth, int outHeight, int outWidth, float[] x, int xOffset, float[] y, int yOffset,
            int[] indices, int indexOffset) {
        plain.maxPool2x2(planes, inHeight, inWidth, outHeight, outWidth, x, xOffset, y, yOffset, indices, indexOffset);
    }

    @Override
    public void descend(int n, float rate, float weightDecay, float[] g, int gOffset, float[] w, int wOffset) {
        plain.descend(n, rate, weightDecay, g, gOffset, w, wOffset);
    }

    @Override
    public void descendWithMomentum(
            int n, float rate, float weightDecay, float momentum, float undamped, boolean nesterov, float[] g, int gOffset,
            float[] v, int vOffset, float[] w, int wOffset) {
        plain.descendWithMomentum(
                n, rate, weightDecay, momentum, undamped, nesterov, g, gOffset, v, vOffset, w, wOffset);
    }

    @Override
    public void adam(
            int n, AdamFactors factors, float[] g, int gOffset, float[] m, int mOffset, float[] v, int vOffset, float[] w,
            int wOffset) {
        plain.adam(n, factors, g, gOffset, m, mOffset, v, vOffset, w, wOffset);
    }
}
