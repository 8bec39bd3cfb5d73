package dev.striate.backend.cpu;

import dev.striate.backend.cpu.simd.ConvKernels.Frame;

/**
 * What some lines of Winograd's tiles cover of an image, by the first line of tiles and their number. Each frame is
 * made once; threads that make the same one at the same time do no harm.
 *
 * @param frames    those that have been asked for
 * @param mostLines of tiles in a frame
 * @param tileLines lines of the output that a tile has
 * @param top       lines of zeros above the image, left columns on its left; either may be negative
 * @param overlap   lines by which tiles overlap
 * @param width     of a frame
 */
record TileFrames(
        Frame[] frames,
        int mostLines,
        int tileLines,
        int top,
        int left,
        int overlap,
        int width,
        int height,
        int imageWidth) {

    static TileFrames of(
            int lines,
            int mostLines,
            int tileLines,
            int top,
            int left,
            int overlap,
            int width,
            int height,
            int imageWidth) {
        Frame[] frames = new Frame[lines * (mostLines + 1)];
        return new TileFrames(frames, mostLines, tileLines, top, left, overlap, width, height, imageWidth);
    }

    Frame get(int line, int count) {
        int at = line * (mostLines + 1) + count;
        Frame frame = frames[at];
        if (frame == null) {
            frame = Frame.of(tileLines * line - top, -left, tileLines * count + overlap, width, height, imageWidth);
            frames[at] = frame;
        }
        return frame;
    }
}
