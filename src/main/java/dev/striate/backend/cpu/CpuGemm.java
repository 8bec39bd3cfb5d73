package dev.striate.backend.cpu;

import static dev.striate.backend.cpu.Sizes.ceilDiv;
import static dev.striate.backend.cpu.Sizes.roundUp;

import dev.striate.backend.cpu.Scratch.Role;
import dev.striate.backend.cpu.simd.ConvKernels;
import dev.striate.backend.cpu.simd.SimdKernels;
import java.util.Arrays;

/**
 * The blocked matrix product behind {@link CpuMatmul}, after Goto and van de Geijn (2008) and Van Zee and van de Geijn
 * (2015). Innermost is a tile of C, a few rows by two vectors, which stays in registers while it is summed along the
 * depth. The outer loops pack the operands so that a tile finds them in the first cache, in the order in which it reads
 * them:
 *
 * <ol>
 * <li>A block of B, at most {@value #DEPTH} of the depth by as many columns as take half the second cache, is packed:
 *     into panels as wide as a tile, in which the tile's elements at one place of the depth are neighbours, and these
 *     follow each other along the depth. It stays in the second cache. If A has but one block, it may be wider.
 * <li>It is met with blocks of A, a fifth of the second cache, one after the other, packed in the same way by fours of
 *     rows, of which a tile has several. They are packed when the first block of B comes, and kept for the others.
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

    /**
     * Long, so that C is visited seldom: 256 took 3 to 9 % longer for 1024 x 1024 and 2048 x 2048. Unlike the other
     * sizes of blocks it decides the order of sums, so it is the same on all machines.
     */
    private static final int DEPTH = 512;
    /** Rows of A that are kept packed, 4.1 MiB at most for each thread; for further ones B is packed again. */
    private static final int KEPT_ROWS = 2112;
    /**
     * Lines of B that are packed at a time, few enough to stay in the first cache even where they compete for a place.
     */
    private static final int LINES = 8;
    /** Fewer pieces than elsewhere: each packs its operands itself. */
    private static final int PIECES_PER_THREAD = 2;
    /** Work in nanoseconds from which on threads may pack B together: they meet once more then. */
    private static final int WORTH_MEETING = 400_000;

    private final CpuContext context;
    private final CpuThreads threads;
    private final SimdKernels simd;
    private final ConvKernels lines;
    private final int tileRows;
    private final int tileColumns;
    /** Of a block of A. */
    private final int blockRows;
    /** Of a block of B: as much of it as half the second cache holds. */
    private final int blockColumns;
    /** The same if A has one block only: B is not read again then, and long lines of it are packed faster. */
    private final int wideColumns;
    /** Elements of a panel of B, at most, that stays in the first cache. */
    private final int mostInFirstCache;
    /** Elements of B, at most: what each thread reads again for all of its rows is to stay in its second cache. */
    private final int mostShared;

    CpuGemm(CpuContext context, Caches caches) {
        this.context = context;
        this.threads = context.threads();
        this.simd = context.simd();
        this.lines = simd.convolution();
        this.tileRows = simd.products().tileRows();
        this.tileColumns = simd.products().tileColumns();
        int second = caches.second() / Float.BYTES;
        // A block of A is packed just before it is first read.
        this.blockRows = Math.max(1, second * 3 / 16 / DEPTH / tileRows) * tileRows;
        this.blockColumns = Math.max(1, second / 2 / DEPTH / tileColumns) * tileColumns;
        this.wideColumns = 4 * blockColumns;
        this.mostInFirstCache = caches.first() / Float.BYTES * 2 / 3;
        this.mostShared = second;
    }

    void run(CpuProduct product) {
        int rowPanels = ceilDiv(product.rows, tileRows);
        int columnPanels = ceilDiv(product.columns, tileColumns);
        long nanos = context.speeds().nanos(product.work());
        int pieces = threads.pieces(nanos);
        if (product.items == 1
                && product.depth <= DEPTH
                && (long) product.depth * product.columns <= mostShared
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
        int rowsPerTask = ceilDiv(rowPanels, rowTasks) * tileRows;
        int columnsPerTask = ceilDiv(columnPanels, columnTasks) * tileColumns;
        int rowParts = ceilDiv(product.rows, rowsPerTask);
        int columnParts = ceilDiv(product.columns, columnsPerTask);
        threads.parallelFor(product.items * rowParts * columnParts, nanos, task -> {
            int item = task / (rowParts * columnParts);
            int row = task / columnParts % rowParts * rowsPerTask;
            int column = task % columnParts * columnsPerTask;
            Range rows = new Range(row, Math.min(product.rows, row + rowsPerTask));
            multiply(product, item, rows, new Range(column, Math.min(product.columns, column + columnsPerTask)));
        });
    }

    /** Rows, columns or the depth of a product from {@code from} to before {@code end}. */
    private record Range(int from, int end) {

        int length() {
            return end - from;
        }

        /** The part of at most {@code most} from {@code start} on. */
        Range part(int start, int most) {
            return new Range(start, Math.min(end, start + most));
        }
    }

    /**
     * All threads pack the one block of B, then each takes some rows at a time: the fewer, the closer together they
     * end, but each time is to be worth it.
     *
     * @param mostPanels of as many rows as a tile has, at a time
     */
    private void multiplyTogether(CpuProduct product, int mostPanels, long nanos) {
        Range depth = new Range(0, product.depth);
        Range columns = new Range(0, product.columns);
        int steps = roundUp(product.depth, 2);
        int panels = ceilDiv(product.columns, tileColumns);
        float[] b = context.scratch().floats(Role.PACKED_B, panels * tileColumns * steps);
        float[] bias = bias(product, columns);
        long packing = (long)
                (product.columns * (double) product.depth / context.speeds().packed());
        threads.forRange(panels, packing, (first, end) -> {
            Range own = columns.part(first * tileColumns, (end - first) * tileColumns);
            packColumns(product, 0, own, depth, b, own.from * steps);
        });
        long nanosPerPanel = Math.max(1, nanos * tileRows / product.rows);
        int worth = (int) Math.min(mostPanels, (CpuThreads.WORTH_SHARING + nanosPerPanel - 1) / nanosPerPanel);
        int rowsPerTask = Math.min(blockRows, worth * tileRows);
        threads.parallelFor(ceilDiv(product.rows, rowsPerTask), nanos, task -> {
            float[] a = context.scratch().floats(Role.PACKED_A, rowsPerTask * steps + tileColumns);
            Range rows = new Range(0, product.rows).part(task * rowsPerTask, rowsPerTask);
            packRows(product, 0, rows, depth, a, 0);
            int c = product.cStart(0) + rows.from * product.columns;
            multiplyBlocks(new Blocks(rows.length(), product.columns, steps, a, 0, b, bias, product, c, false), false);
        });
    }

    /** The bias of some columns, or zeros, and anything for the rest of the last tile. */
    private float[] bias(CpuProduct product, Range columns) {
        float[] target = context.scratch().floats(Role.BIAS, roundUp(columns.length(), tileColumns));
        if (product.bias == null) {
            Arrays.fill(target, 0, columns.length(), 0f);
        } else {
            int from = product.bias.offset + columns.from;
            System.arraycopy(product.bias.array, from, target, 0, columns.length());
        }
        return target;
    }

    /** Some rows and columns of an item's product, by this thread alone. */
    private void multiply(CpuProduct product, int item, Range rows, Range columns) {
        int chains = Math.max(1, ceilDiv(product.depth, DEPTH));
        int longest = roundUp(ceilDiv(product.depth, chains), 2);
        // A block of B that meets one block of A only need not stay in the cache.
        boolean fewRows = rows.length() <= blockRows;
        int columnsPerBlock = fewRows ? wideColumns : blockColumns;
        // Blocks of A are kept until they have met all columns; if they meet all at once, each takes the place of the
        // one before.
        boolean oneBlock = columns.length() <= columnsPerBlock;
        int parts = Math.max(1, ceilDiv(rows.length(), KEPT_ROWS));
        int rowsPerPart = oneBlock ? rows.length() : roundUp(ceilDiv(rows.length(), parts), blockRows);
        int mostRows = roundUp(Math.min(oneBlock ? blockRows : rowsPerPart, rows.length()), tileRows);
        int mostColumns = roundUp(Math.min(columnsPerBlock, columns.length()), tileColumns);
        // A vector that is copied whole may stick out of the last panel of A.
        float[] a = context.scratch().floats(Role.PACKED_A, mostRows * longest + tileColumns);
        float[] b = context.scratch().floats(Role.PACKED_B, mostColumns * longest);
        Range allDepth = new Range(0, product.depth);
        for (int part = rows.from; part < rows.end; part += rowsPerPart) {
            Range partRows = rows.part(part, rowsPerPart);
            for (int chain = 0; chain < chains; chain++) {
                Range depth = allDepth.part(chain * longest, longest);
                int steps = roundUp(depth.length(), 2);
                for (int column = columns.from; column < columns.end; column += columnsPerBlock) {
                    Range ofB = columns.part(column, columnsPerBlock);
                    float[] bias = bias(product, ofB);
                    packColumns(product, item, ofB, depth, b, 0);
                    for (int row = part; row < partRows.end; row += blockRows) {
                        Range ofA = partRows.part(row, blockRows);
                        int at = oneBlock ? 0 : (row - part) * steps;
                        if (column == columns.from) {
                            packRows(product, item, ofA, depth, a, at);
                        }
                        int c = product.cStart(item) + row * product.columns + column;
                        multiplyBlocks(
                                new Blocks(ofA.length(), ofB.length(), steps, a, at, b, bias, product, c, chain > 0),
                                fewRows);
                    }
                }
            }
        }
    }

    /**
     * Four rows of A after four, at {@code rows * steps} each, an element (row, p) at {@code 4 * p + row} in its own
     * four. Steps are the length, or one more to make it even, which adds 0.
     */
    private void packRows(CpuProduct product, int item, Range rows, Range depth, float[] target, int offset) {
        int start = product.aStart(item) + rows.from * product.aRow + depth.from * product.aDepth;
        int length = depth.length();
        int steps = roundUp(length, 2);
        for (int i = 0; i < rows.length(); i += 4) {
            int count = Math.min(4, rows.length() - i);
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
    private void packColumns(CpuProduct product, int item, Range columns, Range depth, float[] target, int at) {
        int start = product.bStart(item) + columns.from * product.bColumn + depth.from * product.bDepth;
        int length = depth.length();
        int steps = roundUp(length, 2);
        // Through all panels before it goes down, so that memory is read in long lines.
        int linesAtOnce = product.bColumn == 1 ? LINES : length;
        for (int p = 0; p < length; p += linesAtOnce) {
            for (int j = 0; j < columns.length(); j += tileColumns) {
                int width = Math.min(tileColumns, columns.length() - j);
                int height = Math.min(linesAtOnce, length - p);
                int from = start + p * product.bDepth + j * product.bColumn;
                int to = at + j * steps + p * tileColumns;
                if (product.bColumn == 1) {
                    lines.copyLines(height, width, product.b, from, product.bDepth, target, to, tileColumns);
                } else {
                    lines.packAcross(width, height, product.b, from, product.bColumn, target, to, tileColumns);
                }
            }
        }
        for (int j = 0; steps > length && j < columns.length(); j += tileColumns) {
            Arrays.fill(target, at + j * steps + length * tileColumns, at + (j + tileColumns) * steps, 0f);
        }
    }

    /**
     * A block of A by one of B, both packed, and where it goes.
     *
     * @param steps   along the depth, an even number
     * @param aStart  where the block of A begins; that of B begins its array
     * @param bias    what C begins with, an element for each column
     * @param product the whole
     * @param cStart  where the result goes in C
     * @param add     whether C holds the sum of blocks before these, and else begins with the bias
     */
    private record Blocks(
            int rows,
            int columns,
            int steps,
            float[] a,
            int aStart,
            float[] b,
            float[] bias,
            CpuProduct product,
            int cStart,
            boolean add) {}

    /** @param wide whether the block of B is too wide to be read again for each of A's tiles */
    private void multiplyBlocks(Blocks blocks, boolean wide) {
        boolean panelStays = wide || blocks.steps * tileColumns <= mostInFirstCache;
        for (int column = 0; column < blocks.columns; column += blockColumns) {
            int end = Math.min(blocks.columns, column + blockColumns);
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
        int stride = z.product.columns;
        float[] c = z.product.c;
        int at = z.cStart + i * stride + j;
        boolean inside = width == tileColumns && height == rows;
        // A tile that sticks out of C is computed beside it.
        float[] target = inside ? c : tile();
        int to = inside ? at : 0;
        int targetStride = inside ? stride : tileColumns;
        if (z.add && !inside) {
            copyTile(height, width, c, at, stride, target, 0, tileColumns);
        }
        float[] d = z.add ? target : z.bias;
        int dAt = z.add ? to : j;
        int dStride = z.add ? targetStride : 0;
        int a = z.aStart + i * z.steps;
        simd.products().tile(rows, z.steps, z.a, a, z.b, j * z.steps, d, dAt, dStride, target, to, targetStride);
        if (!inside) {
            copyTile(height, width, target, 0, tileColumns, c, at, stride);
        }
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
    float[] tile() {
        return context.scratch().floats(Role.TILE, tileRows * tileColumns);
    }
}
