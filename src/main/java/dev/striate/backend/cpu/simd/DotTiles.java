package dev.striate.backend.cpu.simd;

/**
 * Tiles of dot products along positions, for weight gradients: a sum for each pair of a row, an output channel's
 * gradient, and a tap, what it multiplied. Neighbouring positions are neighbours in memory in both operands, so that
 * neither has to be packed; the price is that every sum is a vector, one partial sum per lane.
 */
public interface DotTiles {

    /** Partial sums per dot product. */
    default int lanes() {
        return Lanes.LANES;
    }

    /** The height of the tile to take where this many rows are left. It may be more than that. */
    default int tileRows(int rows) {
        return Shapes.MANY_REGISTERS && rows % 4 == 0 ? 4 : 3;
    }

    /** The taps of the tile of this height. */
    default int tileTaps(int tileRows) {
        return !Shapes.MANY_REGISTERS ? 3 : tileRows == 4 ? 4 : 5;
    }

    /**
     * Adds to {@code sums[at + (row tileTaps + tap) lanes + lane]}, for each row and tap of a tile, the products of
     * every {@code lanes}-th position, one chain for each lane.
     *
     * @param positions a multiple of {@link #lanes}
     * @param dy        row r begins at {@code dyOffset + r rowStep}
     * @param rows      how many of the tile's rows there are, at least 1; the others are the last of them again
     * @param x         tap t begins at {@code xOffset + starts[firstStart + t]}
     */
    void tile(
            int tileRows,
            int positions,
            float[] dy,
            int dyOffset,
            int rows,
            int rowStep,
            float[] x,
            int xOffset,
            int[] starts,
            int firstStart,
            float[] sums,
            int at);
}
