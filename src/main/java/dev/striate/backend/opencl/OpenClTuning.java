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

    /**
     * The side of the square tile for {@code products} results of {@code rows} by {@code columns}: large where enough remain.
     *
     * @param smallest a power of two, as is {@code largest}
     */
    static int tile(int smallest, int largest, int rows, int columns, int products) {
        for (int tile = largest; tile > smallest; tile /= 2) {
            long groups = (long) ceilDiv(rows, tile) * ceilDiv(columns, tile) * products;
            if (Math.min(rows, columns) > tile / 2 && groups >= MANY_GROUPS) {
                return tile;
            }
        }
        return smallest;
    }

    /** The side of the square of outputs that a work-item computes of a tile. */
    static int perItem(int tile) {
        return tile >= 128 ? 8 : 4;
    }

    /** The macros that {@code tile.cl} asks for. */
    static String[] tileMacros(int tile, String... others) {
        String[] macros = Arrays.copyOf(others, others.length + 2);
        macros[others.length] = "TILE=" + tile;
        macros[others.length + 1] = "PER_ITEM=" + perItem(tile);
        return macros;
    }

    /** Rows that one work-item of the vector shape computes at a time: a power of two, few enough for the registers. */
    static int rowsPerItem(int most, int rows) {
        return rows >= most ? most : Math.max(1, Integer.highestOneBit(2 * rows - 1));
    }

    /** Channels that one work-item of the vector shape computes at a time: even, for few programs to be built, unless one. */
    static int channelsPerItem(int most, int channels) {
        int even = ceilDiv(channels, ceilDiv(channels, most));
        return even == 1 ? 1 : ceilDiv(even, 2) * 2;
    }

    /** {@code a / b}, rounded up. */
    static int ceilDiv(int a, int b) {
        return Math.toIntExact(((long) a + b - 1) / b);
    }
}
