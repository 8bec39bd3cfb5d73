package dev.striate.backend.cpu;

import org.jspecify.annotations.Nullable;

/**
 * Matrix products {@code C = A B} whose operands are not stored as matrices: whoever asks for a product says how to pack a panel
 * of either operand and where the elements of C go, {@link CpuGemm} does the rest. One object describes several products, the
 * items, of equal height and width.
 */
abstract class CpuProduct {

    final int items;
    final int rows;
    final int columns;

    CpuProduct(int items, int rows, int columns) {
        this.items = items;
        this.rows = rows;
        this.columns = columns;
    }

    /** The length summed over, 0 or more. */
    abstract int depth(int item);

    /**
     * Packs rows of A: element (row, p) goes to {@code target[at + (p - from) * width + row - first]}. The rest of
     * the panel may hold anything: it only enters elements that are thrown away.
     *
     * @param first the first row
     * @param count rows, at most {@code width}
     * @param from  the first place along the depth
     * @param length places along the depth
     */
    abstract void packRows(int item, int first, int count, int from, int length, float[] target, int at, int width);

    /** Packs columns of B: element (p, column) goes to {@code target[at + (p - from) * width + column - first]}. */
    abstract void packColumns(int item, int first, int count, int from, int length, float[] target, int at, int width);

    /** Where C is. */
    abstract Output output();

    /** The place of C's first element. */
    abstract int outputBase(int item);

    /** The place in {@link Output#bias} of the item's first row or column. */
    int biasBase(int item) {
        return 0;
    }

    /**
     * The places of C's elements. Rows are {@code rowStride} apart. Columns run over images of {@code height} lines of {@code
     * width} pixels; a plain matrix is one image of one line. Images and lines may have more columns than pixels: the rest, at
     * their ends, is computed and thrown away.
     *
     * @param array        where to
     * @param rowStride    from a row of C to the next
     * @param imageColumns columns to an image
     * @param lineColumns  columns to a line
     * @param height       lines of an image
     * @param width        pixels of a line
     * @param imageStride  from an image to the next
     * @param lineStride   from a line to the next
     * @param pixelStride  from a pixel to the next
     * @param bias         what is added, or null
     * @param biasPerRow   whether bias has an element per row rather than per column
     */
    record Output(
            float[] array, int rowStride, int imageColumns, int lineColumns, int height, int width, int imageStride,
            int lineStride, int pixelStride, @Nullable CpuBuffer bias, boolean biasPerRow) {

        /** A row-major matrix. */
        static Output matrix(float[] array, int columns, @Nullable CpuBuffer columnBias) {
            return new Output(array, columns, columns, columns, 1, columns, 0, 0, 1, columnBias, false);
        }

        /** The place of a column relative to its row's start if {@code count} columns from it on are neighbours, else -1. */
        int placeOfNeighbours(int column, int count) {
            int inImage = column % imageColumns;
            int y = inImage / lineColumns;
            int x = inImage % lineColumns;
            boolean oneLine = y < height && x + count <= width;
            boolean linesConnect = lineColumns == width && lineStride == width && inImage + count <= height * width;
            if (pixelStride != 1 || !(oneLine || linesConnect)) {
                return -1;
            }
            return column / imageColumns * imageStride + y * lineStride + x;
        }

        /** Writes a tile to where its elements belong. */
        void scatter(
                float[] tile, int tileStride, int base, int firstRow, int rowCount, int firstColumn, int columnCount,
                boolean add) {
            for (int done = 0; done < columnCount; ) {
                int column = firstColumn + done;
                int inImage = column % imageColumns;
                int x = inImage % lineColumns;
                int y = inImage / lineColumns;
                int run = Math.min(Math.min(lineColumns - x, imageColumns - inImage), columnCount - done);
                int pixels = y < height ? Math.min(run, width - x) : 0;
                int place = base + column / imageColumns * imageStride + y * lineStride + x * pixelStride;
                for (int r = 0; r < rowCount; r++) {
                    writeRun(pixels, tile, r * tileStride + done, place + (firstRow + r) * rowStride, add);
                }
                done += run;
            }
        }

        private void writeRun(int pixels, float[] tile, int at, int to, boolean add) {
            if (add) {
                for (int i = 0; i < pixels; i++) {
                    array[to + i * pixelStride] += tile[at + i];
                }
            } else if (pixelStride == 1 && pixels > 0) {
                System.arraycopy(tile, at, array, to, pixels);
            } else {
                for (int i = 0; i < pixels; i++) {
                    array[to + i * pixelStride] = tile[at + i];
                }
            }
        }
    }
}
