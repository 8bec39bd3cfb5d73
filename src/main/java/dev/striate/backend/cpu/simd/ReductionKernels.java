package dev.striate.backend.cpu.simd;

import dev.striate.backend.Pool2dGeometry;

/**
 * Sums over runs of neighbouring elements, and pooling. A result has the same bits wherever a run stands and however
 * often the loop was compiled.
 *
 * <p>Up to 17 terms are added up in float32 in each lane of each of up to four chains, then the chains, then the lanes,
 * and that goes into a double. However long a run is, a term passes no more than {@code 17 + 2 + log2(lanes)}
 * roundings, at most 23, beside those of its own difference and square: the error is below 27 u of the terms'
 * magnitudes, u being 2^-24. Runs shorter than a vector are summed in double precision. Vectors of doubles would be
 * more exact; but C2 does not compile every conversion to them, and then boxes all.
 */
public interface ReductionKernels {

    /** Returns scratch space for sums, for one thread at a time. */
    default Accumulator accumulator() {
        return new Accumulator(Lanes.LANES);
    }

    /** Scratch space for sums: the lanes of two vectors, and the second and third results of a call. */
    final class Accumulator {

        final float[] lanes;
        private double sum;
        private double dot;

        /** @param lanes of a vector */
        Accumulator(int lanes) {
            this.lanes = new float[2 * lanes];
        }

        void set(double sum, double dot) {
            this.sum = sum;
            this.dot = dot;
        }

        /** The sum that {@link #sumOfSquares} and {@link #sumAndDot} store here. */
        public double sum() {
            return sum;
        }

        /** The sum of products that {@link #sumAndDot} stores here. */
        public double dot() {
            return dot;
        }
    }

    /** Vectors that are added up in float32 before a chain goes into the sum in double precision. */
    int CHAIN = 16;

    /** The sum of {@code n} elements. */
    double sum(int n, float[] x, int xOffset, Accumulator accumulator);

    /** The sum of several runs of {@code n} elements, which begin {@code step} apart. */
    double sumRuns(int runs, int n, int step, float[] x, int xOffset, Accumulator accumulator);

    /**
     * The sum of {@code n} squared distances from {@code center}, which vectors round to float32; leaves that of the
     * distances themselves in {@link Accumulator#sum}.
     */
    double sumOfSquares(int n, float[] x, int xOffset, double center, Accumulator accumulator);

    /**
     * Leaves the sum of {@code y} in {@link Accumulator#sum} and that of {@code (x - center) y} in {@link
     * Accumulator#dot}; vectors round the centre to float32. Both are computed again in double precision where float32
     * overflows.
     */
    void sumAndDot(int n, float[] x, int xOffset, double center, float[] y, int yOffset, Accumulator accumulator);

    /**
     * Maxima of windows of 2 by 2, stride 2, that lie inside of their planes, plane behind plane. Among equals the
     * first in scan order; the first NaN wins over everything.
     *
     * @param planes  how many there are from the offsets on
     * @param indices per output the place in its plane, {@code row * inWidth + column}
     */
    void maxPool2x2(
            Pool2dGeometry g,
            int planes,
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
            Pool2dGeometry g,
            int planes,
            float[] dy,
            int dyOffset,
            int[] indices,
            int indexOffset,
            float[] dx,
            int dxOffset);
}
