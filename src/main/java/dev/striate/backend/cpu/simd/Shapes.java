package dev.striate.backend.cpu.simd;

import static dev.striate.backend.cpu.simd.Lanes.LANES;

/**
 * The shapes of tiles, which the vector loops and their scalar twins share. A tile has as many accumulators as the
 * processor has registers for: those, the operands of a step and what else a turn of the loop needs.
 */
final class Shapes {

    private static final boolean VECTORS = VectorApi.isAvailable();
    /**
     * Whether there are 32 vector registers: with vectors of 512 bit, and on ARM. Otherwise there are 16. C2 does not
     * reliably keep 12 accumulators and what else a step needs in so few, and the tile then takes twice as long.
     */
    static final boolean MANY_REGISTERS =
            LANES >= 16 || System.getProperty("os.arch").equals("aarch64");

    /** Of a matrix product. */
    static final int PRODUCT_ROWS = VECTORS && MANY_REGISTERS ? 12 : 4;
    /** Without vectors long enough for C2's unrolled loop to pay. */
    static final int PRODUCT_COLUMNS = VECTORS ? 2 * LANES : 128;

    /** Columns of the widest tile of a convolution. */
    static final int CONVOLUTION_COLUMNS = VECTORS ? 4 * LANES : PRODUCT_COLUMNS;
    /** Columns of the widest tile whose halves lie apart. */
    static final int WIDEST = VECTORS ? 8 * LANES : PRODUCT_COLUMNS;

    /** Floats that are copied at a time. */
    static final int COPIED = VECTORS ? LANES : 1;

    private static final int MOST_PLAIN_ROWS = 64;

    private Shapes() {}

    /** The height of a convolution's tile where this many rows are left. */
    static int convolutionRows(int rows) {
        if (!VECTORS) {
            return Math.min(rows, MOST_PLAIN_ROWS);
        }
        if (MANY_REGISTERS) {
            return rows >= 7 ? 8 : rows >= 4 ? 6 : rows >= 2 ? 3 : 1;
        }
        return rows >= 3 ? 4 : rows;
    }

    static int convolutionColumns(int tileRows) {
        return !VECTORS || tileRows <= 3 ? CONVOLUTION_COLUMNS : 2 * LANES;
    }

    static int convolutionHalf(int tileRows) {
        return VECTORS && tileRows == 1 ? CONVOLUTION_COLUMNS : convolutionColumns(tileRows) / 2;
    }
}
