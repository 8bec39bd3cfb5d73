package dev.striate.backend.opencl;

import java.util.Arrays;

/** The sizes that launchers and kernels agree on. */
final class OpenClTuning {

    /** Work-items in the largest work-group that any tiled kernel uses. */
    static final int LARGEST_GROUP = 256;

    /** Work-items per group where each works alone on a small piece. */
    static final int LOCAL = 64;

    /** Work-items of a group that sum or compare together, in the tiled shape. */
    static final int TEAM = 128;

    /** Columns that one work-item of the vector shape computes: the width of its vectors. */
    static final int PANEL = 16;

    /** Groups from which on a GPU is busy with large tiles; the property is for tests that want them at small sizes. */
    private static final int MANY_GROUPS = Integer.getInteger("striate.opencl.largeTileGroups", 256);

    private OpenClTuning() {}

    /** What a group of {@code tile.cl} computes. Sides are powers of two. */
    record Tile(int rows, int columns) {

        static Tile square(int side) {
            return new Tile(side, side);
        }

        /** The side of the square of outputs that a work-item computes: eight where that leaves work-items enough. */
        int perItem() {
            return columns >= 128 ? 8 : 4;
        }

        int rowItems() {
            return rows / perItem();
        }

        int columnItems() {
            return columns / perItem();
        }

        /** The macros that {@code tile.cl} asks for, and others. */
        String[] macros(String... others) {
            return with(others, "TILE_ROWS=" + rows, "TILE_COLUMNS=" + columns, "PER_ITEM=" + perItem());
        }
    }

    /**
     * The tile for {@code products} results of {@code rows} by {@code columns}: large where enough remain. Next to the
     * largest is half of it, for as few rows: its work-items still compute many outputs each.
     *
     * @param smallest a power of two, as is {@code largest}
     */
    static Tile tile(int smallest, int largest, int rows, int columns, int products) {
        for (int side = largest; side > smallest; side /= 2) {
            Tile square = Tile.square(side);
            if (Math.min(rows, columns) > side / 2 && groups(square, rows, columns, products) >= MANY_GROUPS) {
                return square;
            }
            Tile half = new Tile(side / 2, side);
            if (half.perItem() == 8
                    && rows > side / 4
                    && rows <= side / 2
                    && columns > side / 2
                    && groups(half, rows, columns, products) >= MANY_GROUPS) {
                return half;
            }
        }
        return Tile.square(smallest);
    }

    private static long groups(Tile tile, int rows, int columns, int products) {
        return (long) ceilDiv(rows, tile.rows) * ceilDiv(columns, tile.columns) * products;
    }

    /** Macros, and more of them. */
    static String[] with(String[] macros, String... others) {
        String[] all = Arrays.copyOf(macros, macros.length + others.length);
        System.arraycopy(others, 0, all, macros.length, others.length);
        return all;
    }

    /** Rows that one work-item of the vector shape computes at a time: a power of two, few enough for the registers. */
    static int rowsPerItem(int most, int rows) {
        return rows >= most ? most : Math.max(1, Integer.highestOneBit(2 * rows - 1));
    }

    /**
     * Channels that one work-item of the vector shape computes at a time: even, for few programs to be built, unless
     * one.
     */
    static int channelsPerItem(int most, int channels) {
        int even = ceilDiv(channels, ceilDiv(channels, most));
        return even == 1 ? 1 : ceilDiv(even, 2) * 2;
    }

    /** {@code a / b}, rounded up. */
    static int ceilDiv(int a, int b) {
        return Math.toIntExact(((long) a + b - 1) / b);
    }
}
