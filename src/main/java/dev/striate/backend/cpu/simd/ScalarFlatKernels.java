package dev.striate.backend.cpu.simd;

/**
 * The loops of {@link PanamaFlatKernels} without vectors, see {@link ScalarKernels}. What is computed per element has
 * the bits of the plain twin anyway; here are the sums, lane by lane.
 */
final class ScalarFlatKernels implements FlatKernels {

    /** Vectors that are added up in float32 before a chain goes into the sum in double precision. */
    static final int CHAIN = 16;

    private final PlainFlatKernels plain = new PlainFlatKernels();
    private final int lanes;

    /** @param lanes of a vector of floats */
    ScalarFlatKernels(int lanes) {
        this.lanes = lanes;
    }

    @Override
    public Room room() {
        return new Room(lanes);
    }

    @Override
    public double sum(int n, float[] x, int xOffset, Room room) {
        if (n < lanes) {
            return plain.sum(n, x, xOffset, room);
        }
        int bound = n / lanes * lanes;
        int block = 4 * CHAIN * lanes;
        double total = 0;
        for (int first = 0; first < bound; first += block) {
            int stop = Math.min(first + block, bound);
            int unrolled = first + (stop - first) / (4 * lanes) * (4 * lanes);
            for (int lane = 0; lane < lanes; lane++) {
                float s0 = 0;
                float s1 = 0;
                float s2 = 0;
                float s3 = first == 0 && isRest(lane, n) ? x[xOffset + n - lanes + lane] : 0;
                int i = xOffset + first + lane;
                for (; i < xOffset + unrolled; i += 4 * lanes) {
                    s0 += x[i];
                    s1 += x[i + lanes];
                    s2 += x[i + 2 * lanes];
                    s3 += x[i + 3 * lanes];
                }
                if (i + lanes < xOffset + stop) {
                    s0 += x[i];
                    s1 += x[i + lanes];
                    i += 2 * lanes;
                }
                if (i < xOffset + stop) {
                    s2 += x[i];
                }
                room.lanes[lane] = (s0 + s1) + (s2 + s3);
            }
            total += fold(room.lanes, 0, lanes);
        }
        return total;
    }

    @Override
    public double sumRuns(int runs, int n, int step, float[] x, int xOffset, Room room) {
        int terms = (n + lanes - 1) / lanes;
        double total = 0;
        int first = 0;
        if (n >= lanes && terms <= CHAIN) {
            int together = runs / 4 * 4;
            while (first < together) {
                int stop = Math.min(first + CHAIN / terms * 4, together);
                for (int lane = 0; lane < lanes; lane++) {
                    room.lanes[lane] = (laneOfRuns(first, stop, lane, n, step, x, xOffset)
                                    + laneOfRuns(first + 1, stop, lane, n, step, x, xOffset))
                            + (laneOfRuns(first + 2, stop, lane, n, step, x, xOffset)
                                    + laneOfRuns(first + 3, stop, lane, n, step, x, xOffset));
                }
                total += fold(room.lanes, 0, lanes);
                first = stop;
            }
        }
        for (int run = first; run < runs; run++) {
            total += sum(n, x, xOffset + run * step, room);
        }
        return total;
    }

    /** One lane of every fourth run. */
    private float laneOfRuns(int first, int end, int lane, int n, int step, float[] x, int xOffset) {
        float sum = 0;
        for (int run = first; run < end; run += 4) {
            int start = xOffset + run * step;
            for (int i = lane; i < n / lanes * lanes; i += lanes) {
                sum += x[start + i];
            }
            if (isRest(lane, n)) {
                sum += x[start + n - lanes + lane];
            }
        }
        return sum;
    }

    /** Whether the vector that ends with the run has, in this lane, an element behind the last whole vector. */
    private boolean isRest(int lane, int n) {
        return lane >= lanes - n % lanes;
    }

    /** Halves added to halves, until one float is left; what is written out saves the time of loops that short. */
    static float fold(float[] x, int at, int lanes) {
        for (int half = lanes / 2; half >= 16; half /= 2) {
            for (int lane = at; lane < at + half; lane++) {
                x[lane] += x[lane + half];
            }
        }
        if (lanes >= 16) {
            return (folded4(x, at) + folded4(x, at + 2)) + (folded4(x, at + 1) + folded4(x, at + 3));
        }
        float sum0 = lanes == 8 ? x[at] + x[at + 4] : x[at];
        float sum1 = lanes == 8 ? x[at + 1] + x[at + 5] : x[at + 1];
        if (lanes == 2) {
            return sum0 + sum1;
        }
        float sum2 = lanes == 8 ? x[at + 2] + x[at + 6] : x[at + 2];
        float sum3 = lanes == 8 ? x[at + 3] + x[at + 7] : x[at + 3];
        return (sum0 + sum2) + (sum1 + sum3);
    }

    private static float folded4(float[] x, int at) {
        return (x[at] + x[at + 8]) + (x[at + 4] + x[at + 12]);
    }

    @Override
    public double sumOfSquares(int n, float[] x, int xOffset, double center, Room room) {
        if (n < lanes) {
            return plain.sumOfSquares(n, x, xOffset, center, room);
        }
        float middle = (float) center;
        int bound = n / lanes * lanes;
        int block = 2 * CHAIN * lanes;
        double sum = 0;
        double squares = 0;
        for (int first = 0; first < bound; first += block) {
            int stop = Math.min(first + block, bound);
            int unrolled = first + (stop - first) / (2 * lanes) * (2 * lanes);
            for (int lane = 0; lane < lanes; lane++) {
                float s0 = 0;
                float s1 = first == 0 && isRest(lane, n) ? x[xOffset + n - lanes + lane] - middle : 0;
                float q0 = 0;
                float q1 = s1 * s1;
                int i = xOffset + first + lane;
                for (; i < xOffset + unrolled; i += 2 * lanes) {
                    float d0 = x[i] - middle;
                    float d1 = x[i + lanes] - middle;
                    s0 += d0;
                    s1 += d1;
                    q0 = Math.fma(d0, d0, q0);
                    q1 = Math.fma(d1, d1, q1);
                }
                if (i < xOffset + stop) {
                    float d0 = x[i] - middle;
                    s0 += d0;
                    q0 = Math.fma(d0, d0, q0);
                }
                room.lanes[lane] = s0 + s1;
                room.lanes[lanes + lane] = q0 + q1;
            }
            sum += fold(room.lanes, 0, lanes);
            squares += fold(room.lanes, lanes, lanes);
        }
        room.leave(sum, 0);
        return squares;
    }

    @Override
    public void sumAndDot(int n, float[] x, int xOffset, double center, float[] y, int yOffset, Room room) {
        if (n < lanes) {
            plain.sumAndDot(n, x, xOffset, center, y, yOffset, room);
            return;
        }
        float middle = (float) center;
        int bound = n / lanes * lanes;
        int block = 2 * CHAIN * lanes;
        double sum = 0;
        double dot = 0;
        for (int first = 0; first < bound; first += block) {
            int stop = Math.min(first + block, bound);
            int unrolled = first + (stop - first) / (2 * lanes) * (2 * lanes);
            for (int lane = 0; lane < lanes; lane++) {
                boolean rest = first == 0 && isRest(lane, n);
                float s0 = 0;
                float s1 = rest ? y[yOffset + n - lanes + lane] : 0;
                float d0 = 0;
                float d1 = rest ? (x[xOffset + n - lanes + lane] - middle) * s1 : 0;
                int i = first + lane;
                for (; i < unrolled; i += 2 * lanes) {
                    float y0 = y[yOffset + i];
                    float y1 = y[yOffset + i + lanes];
                    s0 += y0;
                    s1 += y1;
                    d0 = Math.fma(x[xOffset + i] - middle, y0, d0);
                    d1 = Math.fma(x[xOffset + i + lanes] - middle, y1, d1);
                }
                if (i < stop) {
                    s0 += y[yOffset + i];
                    d0 = Math.fma(x[xOffset + i] - middle, y[yOffset + i], d0);
                }
                room.lanes[lane] = s0 + s1;
                room.lanes[lanes + lane] = d0 + d1;
            }
            sum += fold(room.lanes, 0, lanes);
            dot += fold(room.lanes, lanes, lanes);
        }
        if (Double.isFinite(sum) && Double.isFinite(dot)) {
            room.leave(sum, dot);
        } else {
            // In float32 a product or a partial sum overflows before the result does.
            plain.sumAndDot(n, x, xOffset, center, y, yOffset, room);
        }
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
        plain.normGradient(n, x, xOffset, mean, dy, dyOffset, factor, shiftShare, scaleShare, dx, dxOffset);
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
        plain.maxPool2x2Gradient(
                planes, inHeight, inWidth, outHeight, outWidth, dy, dyOffset, indices, indexOffset, dx, dxOffset);
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
        plain.maxPool2x2(planes, inHeight, inWidth, outHeight, outWidth, x, xOffset, y, yOffset, indices, indexOffset);
    }

    @Override
    public void descend(int n, float rate, float weightDecay, float[] g, int gOffset, float[] w, int wOffset) {
        plain.descend(n, rate, weightDecay, g, gOffset, w, wOffset);
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
        plain.descendWithMomentum(
                n, rate, weightDecay, momentum, undamped, nesterov, g, gOffset, v, vOffset, w, wOffset);
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
        plain.adam(n, factors, g, gOffset, m, mOffset, v, vOffset, w, wOffset);
    }
}
