package dev.striate.backend.cpu.simd;

/**
 * The inner loops of a training step beside its products: sums, normalisation, pooling and updates, over runs of
 * neighbouring elements. A result has the same bits wherever a run stands and however often the loop was compiled.
 *
 * <p>Plain sums are taken in double precision. On vectors, up to 17 terms are added up in float32 in each lane of each
 * of up to four chains, then the chains, then the lanes, and that goes into a double. However long a run is, a term
 * passes no more than {@code 17 + 2 + log2(lanes)} roundings, at most 23, beside those of its own difference and
 * square: the error is below 27 u of the terms' magnitudes, u being 2^-24. Runs shorter than a vector are plain.
 * Vectors of doubles would be more exact; but C2 does not compile every conversion to them, and then boxes all.
 */
public interface FlatKernels {

    /** What the sums are lent to work in: by one thread at a time. */
    default Room room() {
        return new Room(0);
    }

    /** The lanes of two vectors, and what sums leave beside their result. */
    final class Room {

        final float[] lanes;
        private double sum;
        private double dot;

        /** @param lanes of a vector */
        Room(int lanes) {
            this.lanes = new float[2 * lanes];
        }

        void leave(double sum, double dot) {
            this.sum = sum;
            this.dot = dot;
        }

        /** The sum that {@link #sumOfSquares} and {@link #sumAndDot} leave here. */
        public double sum() {
            return sum;
        }

        /** The sum of products that {@link #sumAndDot} leaves here. */
        public double dot() {
            return dot;
        }
    }

    /** The sum of {@code n} elements. */
    double sum(int n, float[] x, int xOffset, Room room);

    /** The sum of several runs of {@code n} elements, which begin {@code step} apart. */
    double sumRuns(int runs, int n, int step, float[] x, int xOffset, Room room);

    /**
     * The sum of {@code n} squared distances from {@code center}, which vectors round to float32; leaves that of the
     * distances themselves in {@link Room#sum}.
     */
    double sumOfSquares(int n, float[] x, int xOffset, double center, Room room);

    /**
     * Leaves the sum of {@code y} in {@link Room#sum} and that of {@code (x - center) y} in {@link Room#dot}; vectors
     * round the centre to float32. Both are computed again in double precision where float32 overflows.
     */
    void sumAndDot(int n, float[] x, int xOffset, double center, float[] y, int yOffset, Room room);

    /** {@code dx = factor ((dy - shiftShare) - (x - mean) scaleShare)}. */
    void normGradient(
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
            int dxOffset);

    /**
     * Maxima of windows of 2 by 2, stride 2, that lie inside of their planes, plane behind plane. Among equals the
     * first in scan order; the first NaN wins over everything.
     *
     * @param indices per output the place in its plane, {@code row * inWidth + column}
     */
    void maxPool2x2(
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
            int indexOffset);

    /**
     * The gradient of {@link #maxPool2x2}: what comes to an output goes to the place of its maximum, all else is 0.
     *
     * @param indices as {@link #maxPool2x2} wrote them
     */
    void maxPool2x2Gradient(
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
            int dxOffset);

    /** {@code w -= rate (g + weightDecay w)}. */
    void descend(int n, float rate, float weightDecay, float[] g, int gOffset, float[] w, int wOffset);

    /**
     * {@code d = g + weightDecay w; v = momentum v + undamped d; w -= rate (nesterov ? d + momentum v : v)}.
     */
    void descendWithMomentum(
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
            int wOffset);

    /**
     * The factors of an update by Adam.
     *
     * @param rest1        {@code 1 - beta1}
     * @param rest2        {@code 1 - beta2}
     * @param rate         the learning rate over the first moment's correction
     * @param rootOfCorrection2 of the second moment's correction
     * @param coupledDecay weight decay added to the gradient
     * @param shrink       what the weights are multiplied with before
     */
    record AdamFactors(
            float beta1,
            float rest1,
            float beta2,
            float rest2,
            float rate,
            float rootOfCorrection2,
            float epsilon,
            float coupledDecay,
            float shrink) {}

    /**
     * {@code d = g + coupledDecay w; m = beta1 m + rest1 d; v = beta2 v + rest2 d d;
     * w = shrink w - rate m / (sqrt(v) / rootOfCorrection2 + epsilon)}, in this order, as in PyTorch: {@code d^2} and
     * {@code v / correction2} may overflow.
     */
    void adam(
            int n,
            AdamFactors factors,
            float[] g,
            int gOffset,
            float[] m,
            int mOffset,
            float[] v,
            int vOffset,
            float[] w,
            int wOffset);
}
