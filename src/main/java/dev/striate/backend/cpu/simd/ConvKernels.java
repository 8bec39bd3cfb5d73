package dev.striate.backend.cpu.simd;

/**
 * The inner loops of convolution, in one of two versions. As in {@link SimdKernels}, each element is computed by the same
 * sequence of operations wherever it stands in a call.
 */
public interface ConvKernels {

    /** Elements that are copied at a time. */
    int lanes();

    /** The widest tile's columns; every tile's columns divide it. */
    int blockColumns();

    /** The height of the tile to take where this many rows are left. It may be more than that. */
    int tileRows(int rows);

    /** The columns of the tile of this height. */
    int tileColumns(int tileRows);

    /**
     * One tile of a matrix product whose second operand is read where it lies: row p of it are the elements of {@code x} from
     * {@code xOffset + starts[firstStart + p]} on. Computes {@code c = a x + bias}, or {@code c += a x}.
     *
     * @param depth the length summed over, 0 or more
     * @param a     {@code (depth, tileRows)} from {@code aOffset} on
     * @param c     the tile's first element is at {@code cOffset}, its rows are {@code cStride} apart
     * @param add   whether to add to what {@code c} holds; {@code bias} then goes unused
     * @param bias  one element per row from {@code biasOffset} on
     */
    void tile(
            int tileRows, int depth, float[] a, int aOffset, float[] x, int xOffset, int[] starts, int firstStart, float[] c,
            int cOffset, int cStride, boolean add, float[] bias, int biasOffset);

    /**
     * Copies lines of {@code length} elements. They begin {@code step} apart, and are written {@code targetStep}, which is no less
     * than {@code length}, apart from {@code target[at]} on. What would be read outside of {@code source} is left out. A line's
     * last {@link #lanes} elements are copied whole even where it has fewer: the rest is overwritten by the next line, if that is
     * where it goes.
     */
    void copyLines(int lines, int length, float[] source, int from, int step, float[] target, int at, int targetStep);

    /** Copies those of {@code length} elements that lie inside {@code source}. */
    static void copyInside(int length, float[] source, int from, float[] target, int at) {
        int first = Math.max(0, -from);
        int end = Math.min(length, source.length - from);
        if (first < end) {
            System.arraycopy(source, from + first, target, at + first, end - first);
        }
    }
}
