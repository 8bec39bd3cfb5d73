package dev.striate.backend.cpu.simd;

/** The loops of {@link PanamaWinogradKernels} without vectors, see {@link ScalarKernels}. */
final class ScalarWinogradKernels implements WinogradKernels {

    private final WinogradKernels vectorized;

    /** @param vectorized which tiles to compute */
    ScalarWinogradKernels(WinogradKernels vectorized) {
        this.vectorized = vectorized;
    }

    @Override
    public void prepare() {
        // Nothing to do.
    }

    @Override
    public void prepareChannels() {
        // Nothing to do.
    }

    @Override
    public int lanes() {
        return vectorized.lanes();
    }

    @Override
    public int tileRows() {
        return vectorized.tileRows();
    }

    @Override
    public int tileColumns() {
        return vectorized.tileColumns();
    }

    @Override
    public void combineInput(
            int lines, int tiles, float[] x, int xOffset, int xStep, float[] v, int vOffset, int planeStep, float[] room) {
        for (int tile = 0; tile < lines * tiles; tile++) {
            int from = xOffset + tile / tiles * 2 * xStep + tile % tiles * 2;
            int to = vOffset + 2 * tile;
            for (int column = 0; column < 4; column++) {
                float x0 = combined(x, from, column);
                float x1 = combined(x, from + xStep, column);
                float x2 = combined(x, from + 2 * xStep, column);
                float x3 = combined(x, from + 3 * xStep, column);
                int at = to + place(column, planeStep);
                v[at] = x0 - x2;
                v[at + 2 * planeStep] = x1 + x2;
                v[at + 4 * planeStep] = x2 - x1;
                v[at + 6 * planeStep] = x1 - x3;
            }
        }
    }

    /** A column of a line times B. */
    private static float combined(float[] x, int at, int column) {
        return switch (column) {
            case 0 -> x[at] - x[at + 2];
            case 1 -> x[at + 1] + x[at + 2];
            case 2 -> x[at + 2] - x[at + 1];
            default -> x[at + 1] - x[at + 3];
        };
    }

    /** Where a column of a row is, behind the element of plane 0. */
    private static int place(int column, int planeStep) {
        return switch (column) {
            case 0 -> 0;
            case 1 -> planeStep + 1;
            case 2 -> planeStep;
            default -> 1;
        };
    }

    /** A pair of columns and two rows at a time, so that eight chains hide the latency of a fused multiply-add. */
    @Override
    public void tile(
            int depth, long[] u, int uOffset, float[] v, int vOffset, int vStep, float[] m, int mOffset, int mStep) {
        int rows = tileRows();
        for (int row = 0; row < rows; row += 2) {
            for (int column = 0; column < tileColumns(); column += 4) {
                float c00 = 0;
                float c01 = 0;
                float c02 = 0;
                float c03 = 0;
                float c10 = 0;
                float c11 = 0;
                float c12 = 0;
                float c13 = 0;
                for (int p = 0, iu = uOffset + row, iv = vOffset + column; p < depth; p++, iu += rows, iv += vStep) {
                    float v0 = v[iv];
                    float v1 = v[iv + 1];
                    float v2 = v[iv + 2];
                    float v3 = v[iv + 3];
                    float first = Float.intBitsToFloat((int) u[iu]);
                    float second = Float.intBitsToFloat((int) (u[iu] >>> 32));
                    c00 = Math.fma(first, v0, c00);
                    c01 = Math.fma(second, v1, c01);
                    c02 = Math.fma(first, v2, c02);
                    c03 = Math.fma(second, v3, c03);
                    first = Float.intBitsToFloat((int) u[iu + 1]);
                    second = Float.intBitsToFloat((int) (u[iu + 1] >>> 32));
                    c10 = Math.fma(first, v0, c10);
                    c11 = Math.fma(second, v1, c11);
                    c12 = Math.fma(first, v2, c12);
                    c13 = Math.fma(second, v3, c13);
                }
                int to = mOffset + row * mStep + column;
                m[to] = c00;
                m[to + 1] = c01;
                m[to + 2] = c02;
                m[to + 3] = c03;
                to += mStep;
                m[to] = c10;
                m[to + 1] = c11;
                m[to + 2] = c12;
                m[to + 3] = c13;
            }
        }
    }

    @Override
    public void combineOutput(
            int lines, int tiles, float[] m, int mOffset, int planeStep, float bias, float[] y, int yOffset, int yLines,
            int width, float[] room) {
        for (int yy = 0; yy < yLines; yy++) {
            for (int xx = 0; xx < width; xx++) {
                int from = mOffset + yy / 2 * 2 * tiles + xx / 2 * 2;
                float m1 = combined(m, from + place(1, planeStep), 2 * planeStep, yy % 2);
                float m2 = combined(m, from + place(2, planeStep), 2 * planeStep, yy % 2);
                float sum = xx % 2 == 0
                        ? combined(m, from, 2 * planeStep, yy % 2) + m1 + m2
                        : m1 - (combined(m, from + place(3, planeStep), 2 * planeStep, yy % 2) + m2);
                y[yOffset + yy * width + xx] = sum + bias;
            }
        }
    }

    /** A line of A transposed times a column. */
    private static float combined(float[] m, int at, int rowStep, int line) {
        return line == 0
                ? m[at] + m[at + rowStep] + m[at + 2 * rowStep]
                : m[at + rowStep] - m[at + 2 * rowStep] - m[at + 3 * rowStep];
    }

    @Override
    public void combineInputChannels(
            int tiles, int channels, float[] x, int xOffset, int lineStep, float[] v, int vOffset, int planeStep) {
        for (int tile = 0; tile < tiles; tile++) {
            int from = xOffset + 2 * tile * channels;
            int to = vOffset + tile * channels;
            for (int row = 0; row < 4; row++) {
                // Line row of B transposed has two entries that are not 0; the second's sign is that of the line.
                int first = from + (row == 0 ? 0 : row == 2 ? 2 : 1) * lineStep;
                int second = from + (row == 3 ? 3 : row == 2 ? 1 : 2) * lineStep;
                float sign = row == 1 ? 1f : -1f;
                for (int channel = 0; channel < channels; channel++) {
                    float x0 = x[first + channel] + sign * x[second + channel];
                    float x1 = x[first + channels + channel] + sign * x[second + channels + channel];
                    float x2 = x[first + 2 * channels + channel] + sign * x[second + 2 * channels + channel];
                    float x3 = x[first + 3 * channels + channel] + sign * x[second + 3 * channels + channel];
                    int at = to + 4 * row * planeStep + channel;
                    v[at] = x0 - x2;
                    v[at + planeStep] = x1 + x2;
                    v[at + 2 * planeStep] = x2 - x1;
                    v[at + 3 * planeStep] = x1 - x3;
                }
            }
        }
    }

    @Override
    public void combineGradientChannels(
            int tiles, int count, float[] d, int dOffset, int pixelStep, int lineStep, float[] z, int zOffset, int planeStep) {
        for (int tile = 0; tile < tiles; tile++) {
            for (int channel = 0; channel < count; channel++) {
                int from = dOffset + 2 * tile * pixelStep + channel;
                int to = zOffset + tile * count + channel;
                float d00 = d[from];
                float d01 = d[from + pixelStep];
                float d10 = d[from + lineStep];
                float d11 = d[from + lineStep + pixelStep];
                combineGradientLine(d00, d01, z, to, planeStep);
                combineGradientLine(d00 + d10, d01 + d11, z, to + 4 * planeStep, planeStep);
                combineGradientLine(d00 - d10, d01 - d11, z, to + 8 * planeStep, planeStep);
                z[to + 12 * planeStep] = -d10;
                z[to + 13 * planeStep] = -(d10 + d11);
                z[to + 14 * planeStep] = d11 - d10;
                z[to + 15 * planeStep] = d11;
            }
        }
    }

    private static void combineGradientLine(float d0, float d1, float[] z, int at, int planeStep) {
        z[at] = d0;
        z[at + planeStep] = d0 + d1;
        z[at + 2 * planeStep] = d0 - d1;
        z[at + 3 * planeStep] = -d1;
    }
}
