package dev.striate.backend.cpu.simd;

import static dev.striate.backend.cpu.simd.Lanes.LANES;

/** The outer loops of {@link WinogradKernels}, over vectors; what is done with each has two versions. */
abstract class WinogradLoops implements WinogradKernels {

    @Override
    public void combineInput(
            int lines, int tiles, float[] x, int xOffset, int xStep, float[] v, int vOffset, int planeStep) {
        int length = 2 * tiles;
        // The last vector ends with the line, unless the line is shorter: the next line then overwrites the rest.
        int last = Math.max(0, length - LANES);
        for (int i = 0; i < length; i += LANES) {
            int at = Math.min(i, last);
            int from = xOffset + at;
            int to = vOffset + at;
            for (int line = 0; line < lines; line++, from += TILE_LINES * xStep, to += length) {
                combineOuterColumns(x, from, xStep, v, to, planeStep);
                combineInnerColumns(x, from + 1, xStep, v, to + planeStep, planeStep);
            }
        }
    }

    /** Of a vector of tiles columns 0 - 2 and 1 - 3, then these times B. */
    abstract void combineOuterColumns(float[] x, int from, int step, float[] v, int to, int planeStep);

    /** Of a vector of tiles columns 1 and 2 times B, then 2 - 1 and 1 + 2. */
    abstract void combineInnerColumns(float[] x, int from, int step, float[] v, int to, int planeStep);

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
            float[] scratch) {
        // The lines of tiles from which no vector reaches beyond the last line of pixels.
        int reach = 2 * tiles == width ? Math.max(LANES, width) : (width + LANES - 1) / LANES * LANES;
        int whole = Math.max(0, Math.min(yLines / TILE_LINES, ((yLines + 1) * width - reach) / (TILE_LINES * width)));
        joinTiles(whole, tiles, m, mOffset, planeStep, bias, y, yOffset, width);
        joinTiles(lines - whole, tiles, m, mOffset + whole * 2 * tiles, planeStep, bias, scratch, 0, width);
        int done = TILE_LINES * whole * width;
        System.arraycopy(scratch, 0, y, yOffset + done, yLines * width - done);
    }

    /** {@link #combineOutput} for whole tiles; the last vector of a line may write beyond it. */
    abstract void joinTiles(
            int lines, int tiles, float[] m, int mOffset, int planeStep, float bias, float[] y, int yOffset, int width);

    @Override
    public void combineInputChannels(
            int tiles, int channels, float[] x, int xOffset, int lineStep, float[] v, int vOffset, int planeStep) {
        int line1 = xOffset + lineStep;
        int line2 = line1 + lineStep;
        for (int channel = 0; channel < channels; channel += LANES) {
            int to = vOffset + channel;
            combineChannelLines(tiles, channels, x, xOffset + channel, line2 + channel, -1f, v, to, planeStep);
            combineChannelLines(
                    tiles, channels, x, line1 + channel, line2 + channel, 1f, v, to + 4 * planeStep, planeStep);
            combineChannelLines(
                    tiles, channels, x, line2 + channel, line1 + channel, -1f, v, to + 8 * planeStep, planeStep);
            combineChannelLines(
                    tiles,
                    channels,
                    x,
                    line1 + channel,
                    line2 + lineStep + channel,
                    -1f,
                    v,
                    to + 12 * planeStep,
                    planeStep);
        }
    }

    /** A line of pixels and another times a sign, combined along them. */
    abstract void combineChannelLines(
            int tiles,
            int channels,
            float[] x,
            int firstLine,
            int secondLine,
            float sign,
            float[] v,
            int vOffset,
            int planeStep);

    @Override
    public void combineGradient(
            int lines, float[] d, int dOffset, int dLines, int width, float[] z, int zOffset, int planeStep) {
        int step = gradientRows() * LANES;
        int vectors = (width + LANES - 1) / LANES;
        for (int i = 0; i < vectors; i++) {
            int x = i * LANES;
            combineGradientVector(
                    lines, d, dOffset + x, dLines, width, width - x, z, zOffset + i * step, vectors * step, planeStep);
        }
    }

    /** {@link #combineGradient} for a vector of each line, of which {@code pixels} count. */
    abstract void combineGradientVector(
            int lines,
            float[] d,
            int dOffset,
            int dLines,
            int width,
            int pixels,
            float[] z,
            int zOffset,
            int zStep,
            int planeStep);
}
