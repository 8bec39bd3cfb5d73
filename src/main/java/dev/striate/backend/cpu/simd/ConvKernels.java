package dev.striate.backend.cpu.simd;

import java.util.Arrays;

/**
 * The inner loops of convolution, in one of two versions. As in {@link SimdKernels}, each element is computed by the
 * same sequence of operations wherever it stands in a call.
 */
public interface ConvKernels {

    /** Elements that are copied at a time. */
    default int lanes() {
        return Shapes.COPIED;
    }

    /** Columns that callers pad to: the columns of every tile divide this number. */
    default int blockColumns() {
        return Shapes.CONVOLUTION_COLUMNS;
    }

    /** The height of the tile to take where this many rows are left. It may be more than that. */
    default int tileRows(int rows) {
        return Shapes.convolutionRows(rows);
    }

    /** The columns of the tile of this height. */
    default int tileColumns(int tileRows) {
        return Shapes.convolutionColumns(tileRows);
    }

    /** The columns of half a tile of this height, where the halves need not be neighbours. */
    default int halfColumns(int tileRows) {
        return Shapes.convolutionHalf(tileRows);
    }

    /**
     * One tile of a matrix product whose second operand is read where it lies: row p of it are the elements of {@code
     * x} from {@code xOffset + starts[firstStart + p]} on. Computes {@code c = a x + bias}, or {@code c += a x}.
     *
     * <p>The second half of the tile's columns lies {@code secondX} and {@code secondC} elements behind the first. If
     * both are 0, the tile has one half only.
     *
     * @param depth the length summed over, 0 or more
     * @param a     {@code (depth, tileRows)} from {@code aOffset} on
     * @param c     the tile's first element is at {@code cOffset}, its rows are {@code cStride} apart
     * @param add   whether to add to what {@code c} holds; {@code bias} then goes unused
     * @param bias  one element per row from {@code biasOffset} on
     */
    void tile(
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
            int biasOffset);

    /** The same with {@link #tileColumns} that are neighbours. */
    default void tile(
            int tileRows,
            int depth,
            float[] a,
            int aOffset,
            float[] x,
            int xOffset,
            int[] starts,
            int firstStart,
            float[] c,
            int cOffset,
            int cStride,
            boolean add,
            float[] bias,
            int biasOffset) {
        int second = tileColumns(tileRows) - halfColumns(tileRows);
        tile(
                tileRows,
                depth,
                a,
                aOffset,
                x,
                xOffset,
                second,
                starts,
                firstStart,
                c,
                cOffset,
                cStride,
                second,
                add,
                bias,
                biasOffset);
    }

    /**
     * Copies lines of {@code length} elements in their order. They begin {@code step} apart, and are written {@code
     * targetStep} apart, no less than {@code length}, from {@code target[at]} on. What would be read outside of {@code
     * source} is left out. A line's last {@link #lanes} elements are copied whole even where it has fewer: the next
     * line overwrites the rest, if that is where it goes.
     */
    void copyLines(int lines, int length, float[] source, int from, int step, float[] target, int at, int targetStep);

    /**
     * Packs lines across, so that what stands at one place of all lines becomes neighbours: element p of line i goes to
     * {@code target[at + p targetStep + i]}.
     *
     * @param step       from a line to the next in {@code source}
     * @param targetStep no less than {@code lines}
     */
    void packAcross(int lines, int length, float[] source, int from, int step, float[] target, int at, int targetStep);

    /** {@link #packAcross} without vectors. Four lines at a time, so that neighbours are written together. */
    static void packLinesAcross(
            int lines, int length, float[] source, int from, int step, float[] target, int at, int targetStep) {
        int i = 0;
        for (; i + 4 <= lines; i += 4) {
            int s0 = from + i * step;
            int s1 = s0 + step;
            int s2 = s1 + step;
            int s3 = s2 + step;
            int to = at + i;
            for (int p = 0; p < length; p++) {
                target[to] = source[s0 + p];
                target[to + 1] = source[s1 + p];
                target[to + 2] = source[s2 + p];
                target[to + 3] = source[s3 + p];
                to += targetStep;
            }
        }
        for (; i + 2 <= lines; i += 2) {
            int s0 = from + i * step;
            int s1 = s0 + step;
            int to = at + i;
            for (int p = 0; p < length; p++) {
                target[to] = source[s0 + p];
                target[to + 1] = source[s1 + p];
                to += targetStep;
            }
        }
        if (i < lines) {
            int s0 = from + i * step;
            int to = at + i;
            for (int p = 0; p < length; p++) {
                target[to + p * targetStep] = source[s0 + p];
            }
        }
    }

    /**
     * The lines of a channel with zeros around them, or with pixels cut off.
     *
     * @param lines     how many lines there are, zeros included
     * @param width     their length, zeros included
     * @param firstLine the first line that has pixels; those from {@code endLine} on have none
     * @param firstX    where pixels begin in a line; from {@code endX} on there are none
     * @param lineStep  from a line's pixels to the next line's in the source
     * @param pixelStep from a pixel to its neighbour's in the source
     */
    record Frame(int lines, int width, int firstLine, int endLine, int firstX, int endX, int lineStep, int pixelStep) {

        /**
         * The part of an image from a line and a column on, which may lie outside of it.
         *
         * @param imageHeight lines of the image, imageWidth pixels of each
         */
        public static Frame of(int top, int left, int lines, int width, int imageHeight, int imageWidth) {
            int firstLine = Math.min(lines, Math.max(0, -top));
            int endLine = Math.max(firstLine, Math.min(lines, imageHeight - top));
            int firstX = Math.min(width, Math.max(0, -left));
            int endX = Math.max(firstX, Math.min(width, imageWidth - left));
            return new Frame(lines, width, firstLine, endLine, firstX, endX, imageWidth, 1);
        }
    }

    /**
     * Copies channels into frames, one after the other in their order.
     *
     * @param from        where in {@code source} column 0 of the first channel's {@code firstLine} would lie; nothing
     *     outside of the frame's pixels is used
     * @param channelStep from a channel to the next in {@code source}
     * @param target      is written from {@code at} on, and up to {@link #lanes} elements beyond the last frame
     */
    void copyFrames(Frame frame, int channels, float[] source, int from, int channelStep, float[] target, int at);

    /** Writes one line that has pixels; {@code from} and {@code at} are where its column 0 lies. */
    static void copyFrameLine(Frame frame, float[] source, int from, float[] target, int at) {
        Arrays.fill(target, at, at + frame.firstX, 0f);
        Arrays.fill(target, at + frame.endX, at + frame.width, 0f);
        if (frame.firstX == frame.endX) {
            // Column 0 may then lie outside of the source.
            return;
        }
        int step = frame.pixelStep;
        if (step == 1) {
            System.arraycopy(source, from + frame.firstX, target, at + frame.firstX, frame.endX - frame.firstX);
        } else {
            for (int x = frame.firstX; x < frame.endX; x++) {
                target[at + x] = source[from + x * step];
            }
        }
    }

    /** {@link #copyFrames} without vectors. */
    static void copyFrameLines(
            Frame frame, int channels, float[] source, int from, int channelStep, float[] target, int at) {
        for (int channel = 0, to = at; channel < channels; channel++) {
            int first = to + frame.firstLine * frame.width;
            int end = to + frame.endLine * frame.width;
            int next = to + frame.lines * frame.width;
            Arrays.fill(target, to, first, 0f);
            int start = from + channel * channelStep;
            for (to = first; to < end; to += frame.width, start += frame.lineStep) {
                copyFrameLine(frame, source, start, target, to);
            }
            Arrays.fill(target, end, next, 0f);
            to = next;
        }
    }

    /**
     * Lines that are sums of shifted lines: {@code y[line][i] = start + sum over s of x[s][line][i + shifts[s]]}, in
     * the order of s. Outside of its lines {@code x} counts as 0, but is read.
     *
     * @param length  of the lines of {@code y}, which follow each other from {@code yOffset} on
     * @param xLength of the lines of {@code x}, which follow each other from {@code xOffset + s xStep} on
     * @param masks   what {@link #shiftMasks} made for the same lengths and shifts
     * @param yEnd    what lies beyond the last line may be overwritten up to here
     */
    void addShifted(
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
            int yEnd);

    /**
     * For each vector of a line of {@link #addShifted}, the last of which ends with the line, and for each shift: for
     * each lane -1 if what it reads lies in its line, else 0.
     */
    default int[] shiftMasks(int length, int xLength, int[] shifts) {
        int lanes = lanes();
        int[] masks = new int[(length + lanes - 1) / lanes * shifts.length * lanes];
        for (int i = 0; i < masks.length; i++) {
            int first = Math.max(0, Math.min(i / lanes / shifts.length * lanes, length - lanes));
            int from = first + i % lanes + shifts[i / lanes % shifts.length];
            masks[i] = from >= 0 && from < xLength ? -1 : 0;
        }
        return masks;
    }

    /** {@link #addShifted} for a line from its {@code first} element on, without vectors. */
    static void addShiftedLine(
            int first,
            int length,
            float[] x,
            int xOffset,
            int xLength,
            int xStep,
            int[] shifts,
            float start,
            float[] y,
            int yOffset) {
        for (int i = first; i < length; i++) {
            float sum = start;
            for (int s = 0; s < shifts.length; s++) {
                int from = i + shifts[s];
                sum += from >= 0 && from < xLength ? x[xOffset + s * xStep + from] : 0f;
            }
            y[yOffset + i] = sum;
        }
    }

    /** Copies those of {@code length} elements that lie inside {@code source}. */
    static void copyInside(int length, float[] source, int from, float[] target, int at) {
        int first = Math.max(0, -from);
        int end = Math.min(length, source.length - from);
        if (first < end) {
            System.arraycopy(source, from + first, target, at + first, end - first);
        }
    }
}
