package dev.striate.backend.cpu.simd;

/** The inner loops of matrix products. Each element is computed by the same sequence of operations in any tile. */
public interface ProductKernels {

    /** Rows of the tile that {@link #tile} computes fastest, a multiple of 4. */
    default int tileRows() {
        return Shapes.PRODUCT_ROWS;
    }

    /** Columns of the tile that {@link #tile} computes. */
    default int tileColumns() {
        return Shapes.PRODUCT_COLUMNS;
    }

    /**
     * One tile of a matrix product, from operands packed so that both are read front to back: {@code c = a b + d}. The
     * sum along the depth is complete before {@code d} is added.
     *
     * @param rows  {@link #tileRows}, or 4 for what is left below such tiles
     * @param depth the length summed over, even, 0 or more
     * @param a     four rows after four, {@code (rows / 4, depth, 4)} from {@code aOffset} on
     * @param b     {@code (depth, tileColumns)} from {@code bOffset} on
     * @param d     the first element is at {@code dOffset}, rows are {@code dStride} apart: 0 repeats one row. May be
     *     the same tile of {@code c}
     * @param c     the tile's first element is at {@code cOffset}, its rows are {@code cStride} apart
     */
    void tile(
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
            int cStride);

    /**
     * The sums of {@code a b} for some lines of {@code b}, each as several partial sums side by side.
     *
     * @param lines   how many sums
     * @param n       elements of {@code a} and of each line
     * @param step    from one line's first element to the next one's
     * @param y       gets a sum per line from {@code yOffset} on
     * @param scratch twice {@link #tileColumns} elements of scratch space
     */
    void dots(
            int lines,
            int n,
            float[] a,
            int aOffset,
            float[] b,
            int bOffset,
            int step,
            float[] y,
            int yOffset,
            float[] scratch);
}
