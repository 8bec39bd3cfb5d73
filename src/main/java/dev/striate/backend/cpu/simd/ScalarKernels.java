package dev.striate.backend.cpu.simd;

/**
 * The loops of {@link PanamaKernels} without vectors: the same tiles, and for each element the same operations in the same order,
 * so the same bits. They run while C2 has not compiled those yet.
 */
final class ScalarKernels implements SimdKernels {

    /** {@link #tile} is written for as many. */
    private static final int ROWS = 6;

    private final int columns;
    private final ConvKernels convolution;
    private final FlatKernels flat;
    private final FunctionKernels functions = new ScalarFunctionKernels();

    /** @param vectorized which tiles to compute */
    ScalarKernels(SimdKernels vectorized) {
        columns = vectorized.tileColumns();
        convolution = new ScalarConvKernels(vectorized.convolution());
        flat = new ScalarFlatKernels(vectorized.convolution().lanes());
    }

    @Override
    public String description() {
        return "scalar";
    }

    @Override
    public ConvKernels convolution() {
        return convolution;
    }

    @Override
    public FlatKernels flat() {
        return flat;
    }

    @Override
    public FunctionKernels functions() {
        return functions;
    }

    @Override
    public int tileRows() {
        return ROWS;
    }

    @Override
    public int tileColumns() {
        return columns;
    }

    @Override
    public void tile(
            int depth, float[] a, int aOffset, float[] b, int bOffset, float[] c, int cOffset, int cStride, boolean add) {
        for (int j = 0; j < columns; j++) {
            float c0 = 0;
            float c1 = 0;
            float c2 = 0;
            float c3 = 0;
            float c4 = 0;
            float c5 = 0;
            for (int p = 0, ia = aOffset, ib = bOffset + j; p < depth; p++, ia += ROWS, ib += columns) {
                float value = b[ib];
                c0 = Math.fma(a[ia], value, c0);
                c1 = Math.fma(a[ia + 1], value, c1);
                c2 = Math.fma(a[ia + 2], value, c2);
                c3 = Math.fma(a[ia + 3], value, c3);
                c4 = Math.fma(a[ia + 4], value, c4);
                c5 = Math.fma(a[ia + 5], value, c5);
            }
            int r0 = cOffset + j;
            int r1 = r0 + cStride;
            int r2 = r1 + cStride;
            int r3 = r2 + cStride;
            int r4 = r3 + cStride;
            int r5 = r4 + cStride;
            c[r0] = add ? c0 + c[r0] : c0;
            c[r1] = add ? c1 + c[r1] : c1;
            c[r2] = add ? c2 + c[r2] : c2;
            c[r3] = add ? c3 + c[r3] : c3;
            c[r4] = add ? c4 + c[r4] : c4;
            c[r5] = add ? c5 + c[r5] : c5;
        }
    }

    @Override
    public float dot(int n, float[] a, int aOffset, float[] b, int bOffset, float[] room) {
        int lanes = convolution.lanes();
        int fours = n / (4 * lanes) * (4 * lanes);
        int summed = n / lanes * lanes;
        float sum = 0;
        for (int lane = 0; lane < lanes; lane++) {
            float s0 = 0;
            float s1 = 0;
            float s2 = 0;
            float s3 = 0;
            int i = lane;
            for (; i < fours; i += 4 * lanes) {
                s0 = Math.fma(a[aOffset + i], b[bOffset + i], s0);
                s1 = Math.fma(a[aOffset + i + lanes], b[bOffset + i + lanes], s1);
                s2 = Math.fma(a[aOffset + i + 2 * lanes], b[bOffset + i + 2 * lanes], s2);
                s3 = Math.fma(a[aOffset + i + 3 * lanes], b[bOffset + i + 3 * lanes], s3);
            }
            for (; i < summed; i += lanes) {
                s0 = Math.fma(a[aOffset + i], b[bOffset + i], s0);
            }
            sum += (s0 + s1) + (s2 + s3);
        }
        for (int i = summed; i < n; i++) {
            sum = Math.fma(a[aOffset + i], b[bOffset + i], sum);
        }
        return sum;
    }

    @Override
    public void add(int n, float[] a, int aOffset, float[] b, int bOffset, float[] y, int yOffset) {
        for (int i = 0; i < n; i++) {
            y[yOffset + i] = a[aOffset + i] + b[bOffset + i];
        }
    }

    @Override
    public void multiply(int n, float[] a, int aOffset, float[] b, int bOffset, float[] y, int yOffset) {
        for (int i = 0; i < n; i++) {
            y[yOffset + i] = a[aOffset + i] * b[bOffset + i];
        }
    }

    @Override
    public void addScaled(int n, float scale, float[] x, int xOffset, float[] y, int yOffset) {
        for (int i = 0; i < n; i++) {
            y[yOffset + i] = Math.fma(x[xOffset + i], scale, y[yOffset + i]);
        }
    }

    @Override
    public void scaleAndShift(int n, float[] x, int xOffset, float center, float scale, float shift, float[] y, int yOffset) {
        for (int i = 0; i < n; i++) {
            y[yOffset + i] = Math.fma(x[xOffset + i] - center, scale, shift);
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
