package dev.striate.backend.opencl;

import java.util.Arrays;

/** The sizes that launchers and kernels agree on, and the choice of tiles. */
final class OpenClTuning {

    /** Work-items in the largest work-group that any tiled kernel uses. */
    static final int LARGEST_GROUP = 256;

    /** Elements of a vector of the element-wise kernels; a macro of all programs. */
    static final int WIDTH = 4;

    /** Groups from which on a GPU is busy with large tiles; the property is for tests that want them at small sizes. */
    private static final int MANY_GROUPS = Integer.getInteger("striate.opencl.largeTileGroups", 256);

    /** Tiles that keep the cores of a CPU busy. Not their number: the results do not depend on that. */
    private static final int MANY_TILES = 16;

    /** The rows of the smallest tile of the vector shape, a multiple of any BLOCK_ROWS. */
    private static final int FEWEST_ROWS = 8;

    /** Columns of a block of sums in registers in the vector shape; a macro of all programs. */
    static final int BLOCK_COLUMNS = 32;

    private OpenClTuning() {}

    /**
     * What a group of {@code tile.cl} computes. All are powers of two.
     *
     * @param itemRows    rows that a work-item computes
     * @param itemColumns columns that it computes
     */
    record Tile(int rows, int columns, int itemRows, int itemColumns) {

        /** For the tiled shape; a work-item computes 8 x 8 outputs where that leaves work-items enough. */
        static Tile shared(int rows, int columns) {
            int side = columns >= 128 ? 8 : 4;
            return new Tile(rows, columns, side, side);
        }

        /** For the vector shape: computed by one work-item. */
        static Tile whole(int rows, int columns) {
            return new Tile(rows, columns, rows, columns);
        }

        int rowItems() {
            return rows / itemRows;
        }

        int columnItems() {
            return columns / itemColumns;
        }

        /** The macros that {@code tile.cl} asks for, and others. */
        String[] macros(String... others) {
            return with(
                    others,
                    "TILE_ROWS=" + rows,
                    "TILE_COLUMNS=" + columns,
                    "ITEM_ROWS=" + itemRows,
                    "ITEM_COLUMNS=" + itemColumns);
        }

        private long groups(int ofRows, int ofColumns, int products) {
            return (long) ceilDiv(ofRows, rows) * ceilDiv(ofColumns, columns) * products;
        }
    }

    /**
     * The tile of the tiled shape for {@code products} results of {@code rows} by {@code columns}: large where enough
     * remain. Next to the largest is half of it, for as few rows: its work-items still compute many outputs each.
     *
     * @param smallest a power of two, as is {@code largest}
     */
    static Tile sharedTile(int smallest, int largest, int rows, int columns, int products) {
        for (int side = largest; side > smallest; side /= 2) {
            Tile square = Tile.shared(side, side);
            if (Math.min(rows, columns) > side / 2 && square.groups(rows, columns, products) >= MANY_GROUPS) {
                return square;
            }
            Tile half = Tile.shared(side / 2, side);
            if (half.itemRows == 8
                    && rows > side / 4
                    && rows <= side / 2
                    && columns > side / 2
                    && half.groups(rows, columns, products) >= MANY_GROUPS) {
                return half;
            }
        }
        return Tile.shared(smallest, smallest);
    }

    /** The tile of the vector shape: no larger than the result, and smaller where few remain. */
    static Tile wholeTile(int largest, int rows, int columns, int products) {
        int tileRows = Math.min(largest, Math.max(FEWEST_ROWS, roundedUp(rows)));
        int tileColumns = Math.min(largest, Math.max(BLOCK_COLUMNS, roundedUp(columns)));
        while ((tileRows > FEWEST_ROWS || tileColumns > BLOCK_COLUMNS)
                && Tile.whole(tileRows, tileColumns).groups(rows, columns, products) < MANY_TILES) {
            if (tileColumns > BLOCK_COLUMNS) {
                tileColumns /= 2;
            } else {
                tileRows /= 2;
            }
        }
        return Tile.whole(tileRows, tileColumns);
    }

    /** The power of two that is not below n. */
    private static int roundedUp(int n) {
        return n == 1 ? 1 : 2 * Integer.highestOneBit(Math.min(n, 1 << 29) - 1);
    }

    /** Macros, and more of them. */
    static String[] with(String[] macros, String... others) {
        String[] all = Arrays.copyOf(macros, macros.length + others.length);
        System.arraycopy(others, 0, all, macros.length, others.length);
        return all;
    }

    /**
     * Channels that a work-item of {@code conv2d_direct.cl} computes at a time: even, for few programs to be built,
     * unless one.
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
