package dev.striate.backend.cpu.simd;

/**
 * The inner loops of Winograd's convolution, see {@link dev.striate.backend.cpu.conv}. As in {@link
 * SimdKernels}, each element is computed by the same sequence of operations wherever it stands in a call.
 *
 * <p>A tile is {@value #TILE_LINES} lines by 2 columns of the output. It needs 6x4 pixels of the input, the next tile's
 * two further to the right, and 6x4 products, whose four columns come in two pairs: a <em>plane</em> 2i holds columns 0
 * and 3 of row i, plane 2i + 1 its columns 2 and 1. A tile has two neighbouring elements in each plane, so n tiles
 * need 2n, as many as the output line has columns. Elements thus stay in their lanes, except that neighbours are
 * sometimes swapped.
 *
 * <p>The loops that are about channels are those of the weight gradient, whose tiles are 2x2 pixels of the output.
 */
public interface WinogradKernels {

    /** Lines of the output that a tile has. */
    int TILE_LINES = 4;

    int PLANES = 2 * (TILE_LINES + 2);

    default int lanes() {
        return Lanes.LANES;
    }

    /** Rows of the products' tiles. */
    default int tileRows() {
        return Shapes.MANY_REGISTERS ? 8 : 4;
    }

    /** Columns of the products' tiles, those of {@link #gradientTile} too. */
    default int tileColumns() {
        return 2 * Lanes.LANES;
    }

    /**
     * Combines the pixels {@code d} of each tile to {@code B^T d D}.
     *
     * @param lines   of tiles, one below the other; those of the planes follow each other
     * @param tiles   in a line
     * @param x       {@code (4 lines + 2, xStep)} from {@code xOffset} on, {@code 2 tiles + 2} pixels in each line
     * @param v       each plane's first element is {@code planeStep} behind the one before; vectors write up to {@link
     *     #lanes} elements behind the last
     */
    void combineInput(int lines, int tiles, float[] x, int xOffset, int xStep, float[] v, int vOffset, int planeStep);

    /**
     * A tile of a plane's product: {@code m = u v}, where each factor of {@code u} is a pair.
     *
     * @param u {@code (depth, tileRows)} from {@code uOffset} on; the first of a pair in the lower half
     * @param v {@code (depth, tileColumns)} from {@code vOffset} on, its rows {@code vStep} apart
     * @param m the first element is at {@code mOffset}, its rows are {@code mStep} apart
     */
    void tile(int depth, long[] u, int uOffset, float[] v, int vOffset, int vStep, float[] m, int mOffset, int mStep);

    /**
     * Combines the products {@code m} of each tile to {@code A^T m C + bias}.
     *
     * @param y      {@code (yLines, width)} from {@code yOffset} on; nothing else is written
     * @param yLines {@code 4 lines} or up to three less
     * @param width  {@code 2 tiles} or one less
     * @param scratch {@link #outputScratch} elements of scratch space
     */
    void combineOutput(
            int lines,
            int tiles,
            float[] m,
            int mOffset,
            int planeStep,
            float bias,
            float[] y,
            int yOffset,
            int yLines,
            int width,
            float[] scratch);

    /** What {@link #combineOutput} needs for so many lines and tiles in each. */
    default int outputScratch(int lines, int tiles) {
        return 2 * TILE_LINES * tiles * lines + lanes();
    }

    /**
     * Combines the 4x4 pixels {@code d} that each tile of 2x2 reads to {@code D^T d D}, with lanes along the channels,
     * for a line of tiles: writes 16 planes, the element (i, j) to plane 4i + j.
     *
     * @param channels in a pixel, a multiple of {@link #lanes}
     * @param x        {@code (4, 2 tiles + 2, channels)} from {@code xOffset} on, its lines {@code lineStep} apart
     * @param v        {@code (16, tiles, channels)} from {@code vOffset} on, its planes {@code planeStep} apart
     */
    void combineInputChannels(
            int tiles, int channels, float[] x, int xOffset, int lineStep, float[] v, int vOffset, int planeStep);

    /**
     * Combines the 2x2 pixels {@code d} of each tile to {@code C d C^T}, but for the signs of its last row and column,
     * with lanes along the lines of one channel: plane 2i holds columns 0 and 3 of row i, plane 2i + 1 its columns 1
     * and 2.
     *
     * @param lines  of tiles, one below the other
     * @param d      {@code (dLines, width)} from {@code dOffset} on; what is beyond counts as zeros, but vectors read
     *     up to {@link #lanes} elements behind the last
     * @param dLines {@code 2 lines} or one less
     * @param z      one of the rows that {@link #gradientTile} reads: its vectors follow each other {@link
     *     #gradientRows} times {@link #lanes} elements apart, as many for each line as {@code width} fills; the planes
     *     are {@code planeStep} apart
     */
    void combineGradient(
            int lines, float[] d, int dOffset, int dLines, int width, float[] z, int zOffset, int planeStep);

    /** Rows of {@link #gradientTile}. */
    default int gradientRows() {
        return Shapes.MANY_REGISTERS ? 8 : 4;
    }

    /**
     * A tile of the weight gradient: the sum over all tiles of the image of combined {@code dy} by combined {@code x}.
     *
     * @param depth  how many tiles there are
     * @param z      vectors of all rows in turn, from {@code zOffset} on
     * @param starts where in {@code z} the first row has each tile
     * @param v      {@code (depth, tileColumns)} from {@code vOffset} on, its rows {@code vStep} apart
     * @param c      the first element is at {@code cOffset}, its rows are {@code cStep} apart
     * @param add    whether to add to what {@code c} holds
     */
    void gradientTile(
            int depth,
            float[] z,
            int zOffset,
            int[] starts,
            float[] v,
            int vOffset,
            int vStep,
            float[] c,
            int cOffset,
            int cStep,
            boolean add);
}
