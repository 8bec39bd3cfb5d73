package dev.striate.backend.opencl;

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

    /** The side of the square tile for {@code products} results of {@code rows} by {@code columns}: large where enough remain. */
    static int tile(int rows, int columns, int products) {
        long groups = (long) ceilDiv(rows, 64) * ceilDiv(columns, 64) * products;
        return rows > 32 && columns > 32 && groups >= MANY_GROUPS ? 64 : 32;
    }

    /** Rows that one work-item of the vector shape computes at a time: a power of two, few enough for the registers. */
    static int rowsPerItem(int rows) {
        return rows >= 8 ? 8 : Math.max(1, Integer.highestOneBit(2 * rows - 1));
    }

    /** What {@code n} is cut into, at most {@code most} each, so that the pieces differ least. */
    static int evenly(int n, int most) {
        return ceilDiv(n, ceilDiv(n, most));
    }

    /** {@code a / b}, rounded up. */
    static int ceilDiv(int a, int b) {
        return Math.toIntExact(((long) a + b - 1) / b);
    }
}
