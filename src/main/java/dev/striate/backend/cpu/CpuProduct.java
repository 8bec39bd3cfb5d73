package dev.striate.backend.cpu;

import org.jspecify.annotations.Nullable;

/**
 * Matrix products {@code C = A B} whose operands are not stored as matrices: whoever asks for a product says how to pack a panel of
 * either operand and where the elements of C go, {@link CpuGemm} does the rest. One object describes several products, the items,
 * of equal height and width.
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
     * Packs rows of A: element (row, p) goes to {@code target[at + (p - from) * width + row - first]}; zeros fill the panel up.
     *
     * @param first the first row
     * @param count rows, at most {@code width}
     * @param from  the first place along the depth
     * @param length places along the depth
     */
    abstract void packRows(int item, int first, int count, int from, int length, float[] target, int at, int width);

    /** Packs columns of B: element (p, column) goes to {@code target[at + (p - from) * width + column - first]}, zeros fill up. */
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
     * The places of C's elements. Rows are {@code rowStride} apart. Columns run over images of {@code height} lines of {@code width}
     * pixels; a plain matrix is one image of one line.
     *
     * @param array       where to
     * @param rowStride   from a row of C to the next
     * @param height      lines of an image
     * @param width       pixels of a line
     * @param imageStride from an image to the next
     * @param lineStride  from a line to the next
     * @param pixelStride from a pixel to the next
     * @param bias        what is added, or null
     * @param biasPerRow  whether bias has an element per row rather than per column
     */
    record Output(
            float[] array, int rowStride, int height, int width, int imageStride, int lineStride, int pixelStride,
            @Nullable CpuBuffer bias, boolean biasPerRow) {

        /** A row-major matrix. */
        static Output matrix(float[] array, int columns, @Nullable CpuBuffer columnBias) {
            return new Output(array, columns, 1, columns, 0, 0, 1, columnBias, false);
        }

        /** The place of a column relative to its row's start if {@code count} columns from it on are neighbours, else -1. */
        int placeOfNeighbours(int column, int count) {
            int plane = height * width;
            int pixel = column % plane;
            if (pixelStride != 1) {
                return -1;
            }
            if (lineStride == width || height == 1) {
                return pixel + count <= plane ? column / plane * imageStride + pixel : -1;
            }
            int x = pixel % width;
            return x + count <= width ? column / plane * imageStride + pixel / width * lineStride + x : -1;
        }

        /** Writes a tile to where its elements belong. */
        void scatter(
                float[] tile, int tileStride, int base, int firstRow, int rowCount, int firstColumn, int columnCount, boolean add) {
            int plane = height * width;
            for (int done = 0; done < columnCount; ) {
                int column = firstColumn + done;
                int pixel = column % plane;
                int x = pixel % width;
                int run = Math.min(width - x, columnCount - done);
                int place = base + column / plane * imageStride + pixel / width * lineStride + x * pixelStride;
                for (int r = 0; r < rowCount; r++) {
                    int to = place + (firstRow + r) * rowStride;
                    int at = r * tileStride + done;
                    if (add) {
                        for (int i = 0; i < run; i++) {
                            array[to + i * pixelStride] += tile[at + i];
                        }
                    } else {
                        for (int i = 0; i < run; i++) {
                            array[to + i * pixelStride] = tile[at + i];
                        }
                    }
                }
                done += run;
            }
        }
    }
}
