package dev.striate.backend.cpu;

import dev.striate.backend.cpu.simd.ConvKernels;
import dev.striate.backend.cpu.simd.SimdKernels;
import java.util.Arrays;

/**
 * The blocked matrix product behind {@link CpuMatmul}, after Goto and van de Geijn (2008) and Van Zee and van de Geijn
 * (2015). Innermost is a tile of C, a few rows by two vectors, which stays in registers while it is summed along the
 * depth. What stands around it sees to it that the tile's operands are in the nearest cache and lie in the order in
 * which they are read:
 *
 * <ol>
 * <li>A block of B, at most {@value #COLUMNS} columns by {@value #DEPTH} of the depth, is packed: into panels as wide
 *     as a tile, in which the tile's elements at one place of the depth are neighbours, and these follow each other
 *     along the depth. It stays in the second cache. If A has but one block, it may be wider.
 * <li>It is met with blocks of A of {@value #ROWS} rows, one after the other, packed in the same way by fours of rows,
 *     of which a tile has several. They are packed when the first block of B comes, and kept for the others.
 * <li>Of these two blocks, all panels of B are met with one tile's rows of A, which stay in the first cache, then with
 *     the next rows. B is read front to back, so it comes from the second cache as fast as it is used, and C is written
 *     along its rows, where the processor sees what comes next and fetches it ahead. If the depth is so short that a
 *     panel of B stays in the first cache itself, or if B's block is wide, each panel is met with all rows before the
 *     next.
 * </ol>
 *
 * <p>Threads divide C and pack for themselves, but for a product whose B is one block that the second cache holds: that
 * they pack together.
 *
 * <p>So for an element of A or B that is packed, some hundred multiply-adds or more run from the caches, unless C has
 * few rows or columns. Transposing only changes how panels are packed.
 *
 * <p>Each element of C is the sum of its blocks in their order, each block one chain along the depth; the bias is added
 * to the first. Neither depends on how tasks are cut, so the bits do not depend on the number of threads. Blocks also
 * keep long sums exact: the error grows with the block's length plus the number of blocks, not with their product.
 */
final class CpuGemm {

    /** Long, so that C is visited seldom: 256 took 3 to 9 % longer for 1024 x 1024 and 2048 x 2048. */
    private static final int DEPTH = 512;
    /** A block of A takes 192 KiB, well below the second cache: it is packed just before it is first read. */
    private static final int ROWS = 96;
    /** A block of B takes 512 KiB: the second cache of a processor that has wide vectors holds 1 MiB or more. */
    private static final int COLUMNS = 256;
    /** The same if A has one block only: B is not read again then, and long lines of it are packed faster. */
    private static final int WIDE_COLUMNS = 1024;
    /** Rows of A that are kept packed, 4.1 MiB at most for each thread; for further ones B is packed again. */
    private static final int KEPT_ROWS = 2112;
    /** Elements of a panel of B, at most, that stays in the first cache. */
    private static final int FIRST_CACHE = 1 << 13;
    /**
     * Lines of B that are packed at a time, few enough to stay in the first cache even where they compete for a place.
     */
    private static final int LINES = 8;
    /** Fewer pieces than elsewhere: each packs its operands itself. */
    private static final int PIECES_PER_THREAD = 2;
    /**
     * Work in nanoseconds, as {@link #SPEED} has it, from which on threads may pack B together: they meet once more
     * then.
     */
    private static final int WORTH_MEETING = 400_000;
    /** Elements of B, at most: what each thread reads again for all of its rows is to stay in its second cache. */
    private static final int MOST_SHARED = 1 << 18;
    /** Elements that are packed per nanosecond, a low guess: what matters is only whether sharing pays. */
    private static final int PACKING_SPEED = 3;
    /** Multiply-adds per nanosecond, a low guess: what matters is only whether sharing pays. */
    private static final int SPEED = 30;

    private static final float[] NO_BIAS = {};

    private final CpuThreads threads;
    private final SimdKernels simd;
    private final ConvKernels lines;
    private final int tileRows;
    private final int tileColumns;
    private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);

    CpuGemm(CpuContext context) {
        this.threads = context.threads();
        this.simd = context.simd();
        this.lines = simd.convolution();
        this.tileRows = simd.products().tileRows();
        this.tileColumns = simd.products().tileColumns();
    }

    void run(CpuProduct product) {
        int rowPanels = ceilDiv(product.rows, tileRows);
        int columnPanels = ceilDiv(product.columns, tileColumns);
        long nanos = (long) product.items * product.rows * product.columns * (product.depth + 8L) / SPEED;
        int pieces = threads.pieces(nanos);
        if (product.items == 1
                && product.depth <= DEPTH
                && (long) product.depth * product.columns <= MOST_SHARED
                && nanos >= WORTH_MEETING
                && rowPanels >= pieces
                && pieces > 1) {
            multiplyTogether(product, ceilDiv(rowPanels, pieces), nanos);
            return;
        }
        int wanted = ceilDiv(Math.min(pieces, PIECES_PER_THREAD * threads.count()), product.items);
        // Every block of rows packs all columns again and every block of columns all rows: take the division that packs
        // least.
        int rowTasks = 1;
        int columnTasks = 1;
        long least = Long.MAX_VALUE;
        int most = 0;
        for (int candidate = 1; candidate <= Math.min(rowPanels, wanted); candidate++) {
            int others = Math.min(columnPanels, ceilDiv(wanted, candidate));
            int tasks = Math.min(wanted, candidate * others);
            long packed = (long) candidate * product.columns + (long) others * product.rows;
            if (tasks > most || (tasks == most && packed < least)) {
                most = tasks;
                least = packed;
                rowTasks = candidate;
                columnTasks = others;
            }
        }
        if (product.items * rowTasks * columnTasks == 1) {
            multiply(product, 0, 0, product.rows, 0, product.columns, product.c, product.cStart(0), false);
            return;
        }
        int rowsPerTask = ceilDiv(rowPanels, rowTasks) * tileRows;
        int columnsPerTask = ceilDiv(columnPanels, columnTasks) * tileColumns;
        int rowParts = ceilDiv(product.rows, rowsPerTask);
        int columnParts = ceilDiv(product.columns, columnsPerTask);
        threads.parallelFor(product.items * rowParts * columnParts, nanos, task -> {
            int item = task / (rowParts * columnParts);
            int firstRow = task / columnParts % rowParts * rowsPerTask;
            int firstColumn = task % columnParts * columnsPerTask;
            multiply(
                    product,
                    item,
                    firstRow,
                    Math.min(product.rows, firstRow + rowsPerTask),
                    firstColumn,
                    Math.min(product.columns, firstColumn + columnsPerTask),
                    product.c,
                    product.cStart(item),
                    false);
        });
    }

    /**
     * All threads pack the one block of B, then each takes some rows at a time: the fewer, the closer together they
     * end, but each time is to be worth it.
     *
     * @param mostPanels of as many rows as a tile has, at a time
     */
    private void multiplyTogether(CpuProduct product, int mostPanels, long nanos) {
        int depth = product.depth;
        int columns = product.columns;
        int steps = padded(depth, 2);
        int padded = padded(columns, tileColumns);
        Scratch shared = scratch.get();
        shared.reserve(0, padded * steps, padded, 0);
        copyBias(product, 0, columns, shared.bias);
        threads.forRange(padded / tileColumns, (long) columns * depth / PACKING_SPEED, (first, end) -> {
            int start = first * tileColumns;
            packColumns(
                    product,
                    0,
                    start,
                    Math.min(columns, end * tileColumns) - start,
                    0,
                    depth,
                    shared.columns,
                    start * steps);
        });
        long nanosPerPanel = Math.max(1, nanos * tileRows / product.rows);
        int panels = (int) Math.min(mostPanels, (CpuThreads.WORTH_SHARING + nanosPerPanel - 1) / nanosPerPanel);
        int rowsPerTask = Math.min(ROWS / tileRows, panels) * tileRows;
        threads.parallelFor(ceilDiv(product.rows, rowsPerTask), nanos, task -> {
            Scratch own = scratch.get();
            own.reserve(rowsPerTask * steps + tileColumns, 0, 0, tileRows * tileColumns);
            int row = task * rowsPerTask;
            int rowCount = Math.min(rowsPerTask, product.rows - row);
            packRows(product, 0, row, rowCount, 0, depth, own.rows, 0);
            float[] rowBias = own.rowBias(product, 0, row, rowCount, tileRows, tileColumns);
            boolean byRows = rowBias.length > 0;
            multiplyBlocks(new Blocks(
                    rowCount,
                    columns,
                    steps,
                    own.rows,
                    0,
                    shared.columns,
                    byRows ? rowBias : shared.bias,
                    byRows,
                    own.tile,
                    product.c,
                    product.cStart(0) + row * columns,
                    columns,
                    false,
                    false));
        });
    }

    private static void copyBias(CpuProduct product, int column, int columnCount, float[] target) {
        if (product.bias == null) {
            Arrays.fill(target, 0, columnCount, 0f);
        } else {
            System.arraycopy(product.bias.array, product.bias.offset + column, target, 0, columnCount);
        }
    }

    /**
     * Some rows of an item's product, by this thread alone.
     *
     * @param c   where the whole product goes, from {@code start} on, instead of to its own place
     * @param add whether what stands there is added
     */
    void accumulate(CpuProduct product, int item, int firstRow, int endRow, float[] c, int start, boolean add) {
        multiply(product, item, firstRow, endRow, 0, product.columns, c, start, add);
    }

    int tileRows() {
        return tileRows;
    }

    private void multiply(
            CpuProduct product,
            int item,
            int firstRow,
            int endRow,
            int firstColumn,
            int endColumn,
            float[] c,
            int start,
            boolean add) {
        int chains = Math.max(1, ceilDiv(product.depth, DEPTH));
        int longest = padded(ceilDiv(product.depth, chains), 2);
        int rowsPerBlock = ROWS / tileRows * tileRows;
        int allRows = endRow - firstRow;
        // A block of B that meets one block of A only need not stay in the cache.
        boolean fewRows = allRows <= rowsPerBlock;
        int columnsPerBlock = fewRows ? WIDE_COLUMNS : COLUMNS;
        // Blocks of A are kept until they have met all columns; if they meet all at once, each takes the place of the
        // one before.
        boolean oneBlock = endColumn - firstColumn <= columnsPerBlock;
        int parts = Math.max(1, ceilDiv(allRows, KEPT_ROWS));
        int rowsPerPart = oneBlock ? allRows : padded(ceilDiv(allRows, parts), rowsPerBlock);
        int mostRows = padded(Math.min(oneBlock ? rowsPerBlock : rowsPerPart, allRows), tileRows);
        int mostColumns = padded(Math.min(columnsPerBlock, endColumn - firstColumn), tileColumns);
        Scratch own = scratch.get();
        // A vector that is copied whole may stick out of the last panel of A.
        own.reserve(mostRows * longest + tileColumns, mostColumns * longest, mostColumns, tileRows * tileColumns);
        for (int part = firstRow; part < endRow; part += rowsPerPart) {
            int endPart = Math.min(endRow, part + rowsPerPart);
            for (int from = 0, chain = 0; chain < chains; chain++, from += longest) {
                int length = Math.min(longest, product.depth - from);
                int steps = padded(length, 2);
                for (int column = firstColumn; column < endColumn; column += columnsPerBlock) {
                    int columnCount = Math.min(columnsPerBlock, endColumn - column);
                    copyBias(product, column, columnCount, own.bias);
                    packColumns(product, item, column, columnCount, from, length, own.columns, 0);
                    for (int row = part; row < endPart; row += rowsPerBlock) {
                        int rowCount = Math.min(rowsPerBlock, endPart - row);
                        int a = oneBlock ? 0 : (row - part) * steps;
                        if (column == firstColumn) {
                            packRows(product, item, row, rowCount, from, length, own.rows, a);
                        }
                        float[] rowBias = own.rowBias(product, item, row, rowCount, tileRows, tileColumns);
                        boolean byRows = rowBias.length > 0;
                        multiplyBlocks(new Blocks(
                                rowCount,
                                columnCount,
                                steps,
                                own.rows,
                                a,
                                own.columns,
                                byRows ? rowBias : own.bias,
                                byRows,
                                own.tile,
                                c,
                                start + row * product.columns + column,
                                product.columns,
                                add || chain > 0,
                                fewRows));
                    }
                }
            }
        }
    }

    /**
     * Four rows of A after four, at {@code rows * steps} each, an element (row, p) at {@code 4 * p + row} in its own
     * four. Steps are the length, or one more to make it even, which adds 0.
     */
    private void packRows(
            CpuProduct product, int item, int row, int rowCount, int from, int length, float[] target, int offset) {
        int start = product.aStart(item) + row * product.aRow + from * product.aDepth;
        int steps = padded(length, 2);
        for (int i = 0; i < rowCount; i += 4) {
            int count = Math.min(4, rowCount - i);
            int at = offset + i * steps;
            if (product.aRow == 1) {
                lines.copyLines(length, count, product.a, start + i, product.aDepth, target, at, 4);
            } else {
                lines.packAcross(count, length, product.a, start + i * product.aRow, product.aRow, target, at, 4);
            }
            Arrays.fill(target, at + length * 4, at + steps * 4, 0f);
        }
    }

    /**
     * Panels of B, at {@code columns * steps} each, an element (p, column) at {@code p * tileColumns + column} in its
     * own.
     */
    private void packColumns(
            CpuProduct product, int item, int column, int columnCount, int from, int length, float[] target, int at) {
        int start = product.bStart(item) + column * product.bColumn + from * product.bDepth;
        int steps = padded(length, 2);
        if (product.bColumn != 1) {
            for (int j = 0; j < columnCount; j += tileColumns) {
                lines.packAcross(
                        Math.min(tileColumns, columnCount - j),
                        length,
                        product.b,
                        start + j * product.bColumn,
                        product.bColumn,
                        target,
                        at + j * steps,
                        tileColumns);
            }
        } else {
            // Through all panels before it goes down, so that memory is read in long lines.
            for (int p = 0; p < length; p += LINES) {
                for (int j = 0; j < columnCount; j += tileColumns) {
                    lines.copyLines(
                            Math.min(LINES, length - p),
                            Math.min(tileColumns, columnCount - j),
                            product.b,
                            start + p * product.bDepth + j,
                            product.bDepth,
                            target,
                            at + j * steps + p * tileColumns,
                            tileColumns);
                }
            }
        }
        if (steps > length) {
            for (int j = 0; j < columnCount; j += tileColumns) {
                Arrays.fill(target, at + j * steps + length * tileColumns, at + (j + tileColumns) * steps, 0f);
            }
        }
    }

    /**
     * A block of A by one of B, both packed, and where it goes.
     *
     * @param steps  along the depth, an even number
     * @param aStart where the block of A begins; that of B begins its array
     * @param bias   what C begins with: an element for each column or, if {@code byRows}, the columns of a tile for
     *     each row
     * @param tile   room for a tile
     * @param add    whether C holds the sum of blocks before these, and else begins with the bias
     * @param wide   whether the block of B is too wide to be read again for each of A's tiles
     */
    private record Blocks(
            int rows,
            int columns,
            int steps,
            float[] a,
            int aStart,
            float[] b,
            float[] bias,
            boolean byRows,
            float[] tile,
            float[] c,
            int cStart,
            int stride,
            boolean add,
            boolean wide) {}

    private void multiplyBlocks(Blocks blocks) {
        boolean panelStays = blocks.wide || blocks.steps * tileColumns <= FIRST_CACHE;
        for (int column = 0; column < blocks.columns; column += COLUMNS) {
            int end = Math.min(blocks.columns, column + COLUMNS);
            if (panelStays) {
                for (int j = column; j < end; j += tileColumns) {
                    for (int i = 0; i < blocks.rows; i += rowsOfTile(blocks.rows - i)) {
                        multiplyTile(blocks, i, j);
                    }
                }
            } else {
                for (int i = 0; i < blocks.rows; i += rowsOfTile(blocks.rows - i)) {
                    for (int j = column; j < end; j += tileColumns) {
                        multiplyTile(blocks, i, j);
                    }
                }
            }
        }
    }

    private int rowsOfTile(int left) {
        return left > tileRows - 4 ? tileRows : 4;
    }

    private void multiplyTile(Blocks z, int i, int j) {
        int rows = rowsOfTile(z.rows - i);
        int height = Math.min(rows, z.rows - i);
        int width = Math.min(tileColumns, z.columns - j);
        int a = z.aStart + i * z.steps;
        int b = j * z.steps;
        int at = z.cStart + i * z.stride + j;
        int biasAt = z.byRows ? i * tileColumns : j;
        int biasStride = z.byRows ? tileColumns : 0;
        if (width == tileColumns && height == rows) {
            if (z.add) {
                simd.products().tile(rows, z.steps, z.a, a, z.b, b, z.c, at, z.stride, z.c, at, z.stride);
            } else {
                simd.products().tile(rows, z.steps, z.a, a, z.b, b, z.bias, biasAt, biasStride, z.c, at, z.stride);
            }
            return;
        }
        // A tile that sticks out of C is computed beside it.
        if (z.add) {
            copyTile(height, width, z.c, at, z.stride, z.tile, 0, tileColumns);
            simd.products().tile(rows, z.steps, z.a, a, z.b, b, z.tile, 0, tileColumns, z.tile, 0, tileColumns);
        } else {
            simd.products().tile(rows, z.steps, z.a, a, z.b, b, z.bias, biasAt, biasStride, z.tile, 0, tileColumns);
        }
        copyTile(height, width, z.tile, 0, tileColumns, z.c, at, z.stride);
    }

    private static void copyTile(
            int height,
            int width,
            float[] source,
            int from,
            int sourceStride,
            float[] target,
            int to,
            int targetStride) {
        for (int row = 0; row < height; row++) {
            System.arraycopy(source, from + row * sourceStride, target, to + row * targetStride, width);
        }
    }

    /** A tile's elements for a kernel to work in, this thread's own. */
    float[] room() {
        Scratch own = scratch.get();
        own.reserve(0, 0, 0, tileRows * tileColumns);
        return own.tile;
    }

    private static int padded(int count, int unit) {
        return ceilDiv(count, unit) * unit;
    }

    static int ceilDiv(int a, int b) {
        return (int) ((a + (long) b - 1) / b);
    }

    /** One thread's packed blocks, which grow to the largest asked for. */
    private static final class Scratch {

        private float[] rows = new float[0];
        private float[] columns = new float[0];
        /** The bias of the block's columns, or zeros. */
        private float[] bias = new float[0];

        private float[] tile = new float[0];
        /** The bias of the block's rows, each repeated over the columns of a tile. */
        private float[] rowBias = new float[0];

        /** That bias, or an empty array where there is none. */
        float[] rowBias(CpuProduct product, int item, int row, int rowCount, int tileRows, int tileColumns) {
            if (product.biasOfRows == null) {
                return NO_BIAS;
            }
            int length = padded(rowCount, tileRows) * tileColumns;
            if (rowBias.length < length) {
                rowBias = new float[length];
            }
            int from = product.rowBias(item) + row;
            for (int i = 0; i < rowCount; i++) {
                Arrays.fill(rowBias, i * tileColumns, (i + 1) * tileColumns, product.biasOfRows.array[from + i]);
            }
            return rowBias;
        }

        void reserve(int rowsLength, int columnsLength, int biasLength, int tileLength) {
            if (rows.length < rowsLength) {
                rows = new float[rowsLength];
            }
            if (columns.length < columnsLength) {
                columns = new float[columnsLength];
            }
            if (bias.length < biasLength) {
                bias = new float[biasLength];
            }
            if (tile.length < tileLength) {
                tile = new float[tileLength];
            }
        }
    }
}
