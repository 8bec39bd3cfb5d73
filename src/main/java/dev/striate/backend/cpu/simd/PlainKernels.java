package dev.striate.backend.cpu.simd;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The plain-Java twin: loops over neighbouring elements that C2 turns into vector instructions by itself. On Java 17 it
 * does so only if the body is small and if all arrays are indexed alike, up to constants: {@code y[o + i] = x[o + i]}
 * is vectorized, with two different offsets it is not.
 */
final class PlainKernels implements SimdKernels {

    private static final int ROWS = 4;
    /** Long enough for C2's unrolled loop to pay. */
    static final int COLUMNS = 128;

    private final ConvKernels convolution = new PlainConvKernels();
    /** Each thread's accumulators, see {@link #tile}. */
    private final ThreadLocal<float[]> accumulators = ThreadLocal.withInitial(() -> new float[0]);

    private final FlatKernels flat = new PlainFlatKernels();
    private final FunctionKernels functions = new PlainFunctionKernels();

    @Override
    public FlatKernels flat() {
        return flat;
    }

    @Override
    public @Nullable DotTiles dotTiles() {
        return null;
    }

    @Override
    public @Nullable WinogradKernels winograd() {
        return null;
    }

    @Override
    public FunctionKernels functions() {
        return functions;
    }

    @Override
    public String description() {
        return "plain Java";
    }

    @Override
    public int tileRows() {
        return ROWS;
    }

    @Override
    public int tileColumns() {
        return COLUMNS;
    }

    @Override
    public ConvKernels convolution() {
        return convolution;
    }

    @Override
    public void tile(
            int rows,
            int depth,
            float[] a,
            int aOffset,
            float[] b,
            int bOffset,
            float[] d,
            int dOffset,
            int dStride,
            float[] c,
            int cOffset,
            int cStride) {
        float[] sums = accumulators.get();
        int end = bOffset + depth * COLUMNS;
        if (sums.length < end + 2 * COLUMNS) {
            sums = new float[end + 2 * COLUMNS];
            accumulators.set(sums);
        }
        for (int row = 0; row < ROWS; row++) {
            multiplyRow(depth, a, aOffset + row, ROWS, b, bOffset, sums);
            System.arraycopy(d, dOffset + row * dStride, sums, end + COLUMNS, COLUMNS);
            for (int i = end; i < end + COLUMNS; i++) {
                sums[i] += sums[i + COLUMNS];
            }
            System.arraycopy(sums, end, c, cOffset + row * cStride, COLUMNS);
        }
    }

    /**
     * One row of a tile. Each turn of the inner loop takes four products, so that the accumulators are read and written
     * a fourth as often. They move along with {@code b}: after p products they lie in {@code sums} at {@code bOffset +
     * p COLUMNS}, so that the loop's arrays are indexed alike.
     *
     * @param aStep from a row's element of {@code a} to the next
     */
    static void multiplyRow(int depth, float[] a, int aOffset, int aStep, float[] b, int bOffset, float[] sums) {
        Arrays.fill(sums, bOffset, bOffset + COLUMNS, 0f);
        int end = bOffset + depth * COLUMNS;
        int ia = aOffset;
        int at = bOffset;
        for (; at + 4 * COLUMNS <= end; at += 4 * COLUMNS, ia += 4 * aStep) {
            addFour(a[ia], a[ia + aStep], a[ia + 2 * aStep], a[ia + 3 * aStep], b, sums, at);
        }
        for (; at < end; at += COLUMNS, ia += aStep) {
            addOne(a[ia], b, sums, at);
        }
    }

    private static void addFour(float a0, float a1, float a2, float a3, float[] b, float[] sums, int at) {
        for (int j = at; j < at + COLUMNS; j++) {
            sums[j + 4 * COLUMNS] =
                    sums[j] + ((a0 * b[j] + a1 * b[j + COLUMNS]) + (a2 * b[j + 2 * COLUMNS] + a3 * b[j + 3 * COLUMNS]));
        }
    }

    private static void addOne(float a0, float[] b, float[] sums, int at) {
        for (int j = at; j < at + COLUMNS; j++) {
            sums[j + COLUMNS] = sums[j] + a0 * b[j];
        }
    }

    @Override
    public void dots(
            int lines,
            int n,
            float[] a,
            int aOffset,
            float[] b,
            int bOffset,
            int step,
            float[] y,
            int yOffset,
            float[] room) {
        for (int line = 0; line < lines; line++) {
            y[yOffset + line] = dot(n, a, aOffset, b, bOffset + line * step);
        }
    }

    private static float dot(int n, float[] a, int aOffset, float[] b, int bOffset) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        int i = 0;
        for (; i <= n - 4; i += 4) {
            s0 += a[aOffset + i] * b[bOffset + i];
            s1 += a[aOffset + i + 1] * b[bOffset + i + 1];
            s2 += a[aOffset + i + 2] * b[bOffset + i + 2];
            s3 += a[aOffset + i + 3] * b[bOffset + i + 3];
        }
        float sum = (s0 + s1) + (s2 + s3);
        for (; i < n; i++) {
            sum += a[aOffset + i] * b[bOffset + i];
        }
        return sum;
    }

    @Override
    public void add(int n, float[] a, int aOffset, float[] b, int bOffset, float[] y, int yOffset) {
        if (aOffset == yOffset && bOffset == yOffset) {
            for (int i = yOffset; i < yOffset + n; i++) {
                y[i] = a[i] + b[i];
            }
        } else {
            for (int i = 0; i < n; i++) {
                y[yOffset + i] = a[aOffset + i] + b[bOffset + i];
            }
        }
    }

    @Override
    public void multiply(int n, float[] a, int aOffset, float[] b, int bOffset, float[] y, int yOffset) {
        if (aOffset == yOffset && bOffset == yOffset) {
            for (int i = yOffset; i < yOffset + n; i++) {
                y[i] = a[i] * b[i];
            }
        } else {
            for (int i = 0; i < n; i++) {
                y[yOffset + i] = a[aOffset + i] * b[bOffset + i];
            }
        }
    }

    @Override
    public void addScaled(int n, float scale, float[] x, int xOffset, float[] y, int yOffset) {
        if (xOffset == yOffset) {
            for (int i = yOffset; i < yOffset + n; i++) {
                y[i] += scale * x[i];
            }
        } else {
            for (int i = 0; i < n; i++) {
                y[yOffset + i] += scale * x[xOffset + i];
            }
        }
    }

    @Override
    public void scaleAndShift(
            int n, float[] x, int xOffset, float center, float scale, float shift, float[] y, int yOffset) {
        if (xOffset == yOffset) {
            for (int i = yOffset; i < yOffset + n; i++) {
                y[i] = scale * (x[i] - center) + shift;
            }
        } else {
            for (int i = 0; i < n; i++) {
                y[yOffset + i] = scale * (x[xOffset + i] - center) + shift;
            }
        }
    }

    @Override
    public void relu(int n, float[] x, int xOffset, float[] y, int yOffset) {
        for (int i = 0; i < n; i++) {
            y[yOffset + i] = Math.max(x[xOffset + i], 0f);
        }
    }

    @Override
    public void reluGradient(int n, float[] y, int yOffset, float[] dy, int dyOffset, float[] dx, int dxOffset) {
        for (int i = 0; i < n; i++) {
            dx[dxOffset + i] = (y[yOffset + i] > 0f ? 1f : 0f) * dy[dyOffset + i];
        }
    }
}
