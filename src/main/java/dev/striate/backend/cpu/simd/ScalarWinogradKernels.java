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
    public void prepareLines() {
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
            int lines, int tiles, float[] x, int xOffset, int xStep, float[] v, int vOffset, int planeStep) {
        for (int tile = 0; tile < lines * tiles; tile++) {
            int from = xOffset + tile / tiles * TILE_LINES * xStep + tile % tiles * 2;
            int to = vOffset + 2 * tile;
            combineOuterColumn(x, from, xStep, v, to, planeStep);
            combineOuterColumn(x, from + 1, xStep, v, to + 1, planeStep);
            combineInnerColumns(x, from + 1, xStep, v, to + planeStep, planeStep);
        }
    }

    /** The difference of a column and the one after the next, times B. */
    private static void combineOuterColumn(float[] x, int from, int step, float[] v, int at, int planeStep) {
        float x0 = x[from] - x[from + 2];
        float x1 = x[from + step] - x[from + step + 2];
        float x2 = x[from + 2 * step] - x[from + 2 * step + 2];
        float x3 = x[from + 3 * step] - x[from + 3 * step + 2];
        float x4 = x[from + 4 * step] - x[from + 4 * step + 2];
        float x5 = x[from + 5 * step] - x[from + 5 * step + 2];
        float odd = x3 - x1;
        float even = x4 - x2;
        float first = Math.fma(1.5f, x2, odd);
        float second = Math.fma(1.5f, x3, even);
        v[at] = Math.fma(1.5f, odd, x0 - x2 + even);
        v[at + 2 * planeStep] = first + second;
        v[at + 4 * planeStep] = first - second;
        v[at + 6 * planeStep] = odd + odd + even;
        v[at + 8 * planeStep] = odd - (even + even);
        v[at + 10 * planeStep] = Math.fma(1.5f, even, x5 - x3 - odd);
    }

    /** Two columns times B, then their difference and their sum. */
    private static void combineInnerColumns(float[] x, int from, int step, float[] v, int to, int planeStep) {
        for (int row = 0; row < TILE_LINES + 2; row++) {
            float column1 = combined(x, from, step, row);
            float column2 = combined(x, from + 1, step, row);
            int at = to + 2 * row * planeStep;
            v[at] = column2 - column1;
            v[at + 1] = column1 + column2;
        }
    }

    /** A line of B transposed times a column. */
    private static float combined(float[] x, int at, int step, int row) {
        float x2 = x[at + 2 * step];
        float x3 = x[at + 3 * step];
        float odd = x3 - x[at + step];
        float even = x[at + 4 * step] - x2;
        return switch (row) {
            case 0 -> Math.fma(1.5f, odd, x[at] - x2 + even);
            case 1 -> Math.fma(1.5f, x2, odd) + Math.fma(1.5f, x3, even);
            case 2 -> Math.fma(1.5f, x2, odd) - Math.fma(1.5f, x3, even);
            case 3 -> odd + odd + even;
            case 4 -> odd - (even + even);
            default -> Math.fma(1.5f, even, x[at + 5 * step] - x3 - odd);
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
            int lines,
            int tiles,
            float[] m,
            int mOffset,
            int planeStep,
            float bias,
            float[] y,
            int yOffset,
            int yLines,
            int width,
            float[] room) {
        for (int yy = 0; yy < yLines; yy++) {
            for (int xx = 0; xx < width; xx++) {
                int from = mOffset + yy / TILE_LINES * 2 * tiles + xx / 2 * 2;
                int line = yy % TILE_LINES;
                float m1 = joined(m, from + place(1, planeStep), 2 * planeStep, line);
                float m2 = joined(m, from + place(2, planeStep), 2 * planeStep, line);
                float sum = xx % 2 == 0
                        ? joined(m, from, 2 * planeStep, line) + m1 + m2
                        : m1 - (joined(m, from + place(3, planeStep), 2 * planeStep, line) + m2);
                y[yOffset + yy * width + xx] = sum + bias;
            }
        }
    }

    /** A line of A transposed times a column. */
    private static float joined(float[] m, int at, int rowStep, int line) {
        float m1 = m[at + rowStep];
        float m2 = m[at + 2 * rowStep];
        float m3 = m[at + 3 * rowStep];
        float m4 = m[at + 4 * rowStep];
        return switch (line) {
            case 0 -> m[at] + (m1 + m2) + (m3 + m4);
            case 1 -> Math.fma(0.5f, m3, Math.fma(-2f, m4, m1 - m2));
            case 2 -> Math.fma(0.25f, m3, Math.fma(4f, m4, m1 + m2));
            default -> Math.fma(0.125f, m3, Math.fma(-8f, m4, m[at + 5 * rowStep] + (m1 - m2)));
        };
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
    public void combineGradient(
            int lines, float[] d, int dOffset, int dLines, int width, float[] z, int zOffset, int planeStep) {
        int lanes = lanes();
        int step = gradientRows() * lanes;
        int to = zOffset;
        for (int line = 0; line < 2 * lines; line += 2) {
            boolean below = line + 1 < dLines;
            for (int x = 0; x < width; x += lanes, to += step) {
                for (int i = 0; i < lanes; i += 2) {
                    int from = dOffset + line * width + x + i;
                    boolean left = x + i < width;
                    boolean right = x + i + 1 < width;
                    float d00 = left ? d[from] : 0f;
                    float d01 = right ? d[from + 1] : 0f;
                    float d10 = left && below ? d[from + width] : 0f;
                    float d11 = right && below ? d[from + width + 1] : 0f;
                    combineGradientLine(d00, d01, z, to + i, planeStep);
                    combineGradientLine(d00 + d10, d01 + d11, z, to + i + 2 * planeStep, planeStep);
                    combineGradientLine(d00 - d10, d01 - d11, z, to + i + 4 * planeStep, planeStep);
                    combineGradientLine(d10, d11, z, to + i + 6 * planeStep, planeStep);
                }
            }
        }
    }

    private static void combineGradientLine(float d0, float d1, float[] z, int at, int planeStep) {
        z[at] = d0;
        z[at + 1] = d1;
        z[at + planeStep] = d0 + d1;
        z[at + planeStep + 1] = d0 - d1;
    }

    @Override
    public int gradientRows() {
        return vectorized.gradientRows();
    }

    /** Two rows and four columns at a time: eight chains. */
    @Override
    public void gradientTile(
            int depth,
            float[] z,
            int zOffset,
            int[] starts,
            float[] v,
            int vOffset,
            int vStep,
            float[] c,
            int cOffset,
            int cStep,
            boolean add) {
        int lanes = lanes();
        for (int row = 0; row < gradientRows(); row += 2) {
            for (int column = 0; column < tileColumns(); column += 4) {
                float c00 = 0;
                float c01 = 0;
                float c02 = 0;
                float c03 = 0;
                float c10 = 0;
                float c11 = 0;
                float c12 = 0;
                float c13 = 0;
                for (int p = 0, iv = vOffset + column; p < depth; p++, iv += vStep) {
                    int iz = zOffset + starts[p] + row * lanes;
                    float z0 = z[iz];
                    float z1 = z[iz + lanes];
                    c00 = Math.fma(z0, v[iv], c00);
                    c01 = Math.fma(z0, v[iv + 1], c01);
                    c02 = Math.fma(z0, v[iv + 2], c02);
                    c03 = Math.fma(z0, v[iv + 3], c03);
                    c10 = Math.fma(z1, v[iv], c10);
                    c11 = Math.fma(z1, v[iv + 1], c11);
                    c12 = Math.fma(z1, v[iv + 2], c12);
                    c13 = Math.fma(z1, v[iv + 3], c13);
                }
                int to = cOffset + row * cStep + column;
                int below = to + cStep;
                c[to] = add ? c[to] + c00 : c00;
                c[to + 1] = add ? c[to + 1] + c01 : c01;
                c[to + 2] = add ? c[to + 2] + c02 : c02;
                c[to + 3] = add ? c[to + 3] + c03 : c03;
                c[below] = add ? c[below] + c10 : c10;
                c[below + 1] = add ? c[below + 1] + c11 : c11;
                c[below + 2] = add ? c[below + 2] + c12 : c12;
                c[below + 3] = add ? c[below + 3] + c13 : c13;
            }
        }
    }

    @Override
    public void combineLines(
            int lines, int width, float[] x, int xOffset, int xStep, float[] v, int vOffset, int planeStep) {
        for (int line = 0; line < lines; line++) {
            for (int i = 0; i < width; i += 2) {
                int from = xOffset + line * xStep + i;
                int to = vOffset + line * width + i;
                float x1 = x[from + 1];
                float x2 = x[from + 2];
                float x3 = x[from + 3];
                float x4 = x[from + 4];
                float odd = x3 - x1;
                float even = x4 - x2;
                v[to] = Math.fma(1.5f, odd, x[from] - x2 + even);
                v[to + 1] = Math.fma(1.5f, even, x1 - x3 + (x[from + 5] - x3));
                float first = Math.fma(1.5f, x2, odd);
                float second = Math.fma(1.5f, x3, even);
                v[to + planeStep] = second - first;
                v[to + planeStep + 1] = second + first;
                v[to + 2 * planeStep] = Math.fma(2f, odd, even);
                v[to + 2 * planeStep + 1] = Math.fma(-2f, even, odd);
            }
        }
    }

    /** A row and a pair at a time: six chains. */
    @Override
    public void lineTile(
            int depth,
            long[] u,
            int uOffset,
            float[] v,
            int vOffset,
            int secondV,
            int planeStep,
            int[] starts,
            int rows,
            float[] bias,
            int biasOffset,
            float[] y,
            int yOffset,
            int secondY,
            int yStep) {
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < lanes(); i += 2) {
                int to = yOffset + row * yStep + i;
                int iu = uOffset + row;
                linePair(depth, u, iu, v, vOffset + i, planeStep, starts, bias[biasOffset + row], y, to);
                linePair(
                        depth,
                        u,
                        iu,
                        v,
                        vOffset + secondV + i,
                        planeStep,
                        starts,
                        bias[biasOffset + row],
                        y,
                        to + secondY);
            }
        }
    }

    private static void linePair(
            int depth,
            long[] u,
            int uOffset,
            float[] v,
            int vOffset,
            int planeStep,
            int[] starts,
            float bias,
            float[] y,
            int to) {
        float m0 = bias;
        float m1 = 0;
        float m2 = 0;
        float m3 = 0;
        float m4 = 0;
        float m5 = bias;
        for (int p = 0, iu = uOffset; p < depth; p++, iu += LINE_PLANES * LINE_ROWS) {
            int at = vOffset + starts[p];
            m0 = Math.fma(Float.intBitsToFloat((int) u[iu]), v[at], m0);
            m5 = Math.fma(Float.intBitsToFloat((int) (u[iu] >>> 32)), v[at + 1], m5);
            at += planeStep;
            m2 = Math.fma(Float.intBitsToFloat((int) u[iu + LINE_ROWS]), v[at], m2);
            m1 = Math.fma(Float.intBitsToFloat((int) (u[iu + LINE_ROWS] >>> 32)), v[at + 1], m1);
            at += planeStep;
            m3 = Math.fma(Float.intBitsToFloat((int) u[iu + 2 * LINE_ROWS]), v[at], m3);
            m4 = Math.fma(Float.intBitsToFloat((int) (u[iu + 2 * LINE_ROWS] >>> 32)), v[at + 1], m4);
        }
        y[to] = m0 + (m1 + m2) + m3 + m4;
        y[to + 1] = Math.fma(0.5f, m3, Math.fma(-2f, m4, m5 + (m1 - m2)));
    }
}
