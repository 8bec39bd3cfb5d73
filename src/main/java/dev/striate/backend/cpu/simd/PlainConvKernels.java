package dev.striate.backend.cpu.simd;

/**
 * The plain-Java twin. C2 vectorizes no loop over arrays with differing offsets, see {@link PlainKernels}: the second
 * operand is packed after all, once for a tile of many rows.
 */
final class PlainConvKernels implements ConvKernels {

    private static final int MOST_ROWS = 64;
    private static final int COLUMNS = PlainKernels.COLUMNS;
    private static final int HALF = COLUMNS / 2;

    /** Each thread's packed operand, followed by accumulators. */
    private final ThreadLocal<float[][]> scratch = ThreadLocal.withInitial(() -> new float[2][0]);

    @Override
    public int lanes() {
        return 1;
    }

    @Override
    public int blockColumns() {
        return COLUMNS;
    }

    @Override
    public int tileRows(int rows) {
        return Math.min(rows, MOST_ROWS);
    }

    @Override
    public int tileColumns(int tileRows) {
        return COLUMNS;
    }

    @Override
    public int halfColumns(int tileRows) {
        return HALF;
    }

    @Override
    public void tile(
            int tileRows,
            int depth,
            float[] a,
            int aOffset,
            float[] x,
            int xOffset,
            int secondX,
            int[] starts,
            int firstStart,
            float[] c,
            int cOffset,
            int cStride,
            int secondC,
            boolean add,
            float[] bias,
            int biasOffset) {
        float[][] own = scratch.get();
        int end = depth * COLUMNS;
        if (own[1].length < end + COLUMNS) {
            own[0] = new float[end];
            own[1] = new float[end + COLUMNS];
        }
        float[] packed = own[0];
        float[] sums = own[1];
        for (int p = 0; p < depth; p++) {
            int from = xOffset + starts[firstStart + p];
            System.arraycopy(x, from, packed, p * COLUMNS, HALF);
            System.arraycopy(x, from + secondX, packed, p * COLUMNS + HALF, HALF);
        }
        for (int row = 0; row < tileRows; row++) {
            PlainKernels.multiplyRow(depth, a, aOffset + row, tileRows, packed, 0, sums);
            int to = cOffset + row * cStride;
            float summand = bias[biasOffset + row];
            put(sums, end, c, to, add, summand);
            if (secondX != 0 || secondC != 0) {
                put(sums, end + HALF, c, to + secondC, add, summand);
            }
        }
    }

    private static void put(float[] sums, int from, float[] c, int to, boolean add, float summand) {
        for (int j = 0; j < HALF; j++) {
            c[to + j] = sums[from + j] + (add ? c[to + j] : summand);
        }
    }

    @Override
    public void copyLines(
            int lines, int length, float[] source, int from, int step, float[] target, int at, int targetStep) {
        for (int line = 0; line < lines; line++) {
            ConvKernels.copyInside(length, source, from + line * step, target, at + line * targetStep);
        }
    }

    @Override
    public void packAcross(
            int lines, int length, float[] source, int from, int step, float[] target, int at, int targetStep) {
        ConvKernels.packLinesAcross(lines, length, source, from, step, target, at, targetStep);
    }

    @Override
    public void copyFrames(
            Frame frame, int channels, float[] source, int from, int channelStep, float[] target, int at) {
        ConvKernels.copyFrameLines(frame, channels, source, from, channelStep, target, at);
    }

    @Override
    public void addShifted(
            int lines,
            int length,
            float[] x,
            int xOffset,
            int xLength,
            int xStep,
            int[] shifts,
            int[] masks,
            float start,
            float[] y,
            int yOffset,
            int yEnd) {
        for (int line = 0; line < lines; line++) {
            ConvKernels.addShiftedLine(
                    0, length, x, xOffset + line * xLength, xLength, xStep, shifts, start, y, yOffset + line * length);
        }
    }
}
