package dev.striate.backend.cpu;

import dev.striate.backend.cpu.simd.SimdKernels;
import org.jspecify.annotations.Nullable;

/**
 * The blocked matrix product behind {@link CpuMatmul}, after Goto and van de Geijn (2008). The depth is cut
 * into blocks of at most {@value #DEPTH}; for each, a task packs its rows of A once, then goes through its columns panel by
 * panel: a panel of B is packed into the nearest cache and met with every panel of A, which stream past it.
 *
 * <p>Each element of C is the sum of its blocks in their order, each block one chain along the depth. Neither depends on how
 * tasks are cut, so the bits do not depend on the number of threads. Blocks also keep long sums exact: the error grows with the
 * block's length plus the number of blocks, not with their product.
 */
final class CpuGemm {

    private static final int DEPTH = 384;
    /** Rows that a task packs at a time; their block of A stays in the second cache. */
    private static final int ROWS_PER_TASK = 384;
    /** Fewer pieces than elsewhere: each packs its operands itself. */
    private static final int PIECES_PER_THREAD = 2;
    /** Multiply-adds per nanosecond, a low guess: what matters is only whether sharing pays. */
    private static final int SPEED = 30;

    private final CpuThreads threads;
    private final SimdKernels simd;
    private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);

    CpuGemm(CpuContext context) {
        this.threads = context.threads();
        this.simd = context.simd();
    }

    void run(CpuProduct product) {
        int tileRows = simd.tileRows();
        int tileColumns = simd.tileColumns();
        int rowPanels = ceilDiv(product.rows, tileRows);
        int columnPanels = ceilDiv(product.columns, tileColumns);
        long nanos = 0;
        for (int item = 0; item < product.items; item++) {
            nanos += (long) product.rows * product.columns * (product.depth(item) + 8L) / SPEED;
        }
        int wanted = ceilDiv(Math.min(threads.pieces(nanos), PIECES_PER_THREAD * threads.count()), product.items);
        // Every block of rows packs all columns again and every block of columns all rows: take the division that packs least.
        int rowBlocks = 0;
        int columnBlocks = 0;
        int most = 0;
        long least = 0;
        int fewest = ceilDiv(product.rows, ROWS_PER_TASK);
        for (int candidate = fewest; candidate <= Math.min(rowPanels, Math.max(fewest, wanted)); candidate++) {
            int others = Math.min(columnPanels, ceilDiv(wanted, candidate));
            int blocks = Math.min(wanted, candidate * others);
            long packed = (long) candidate * product.columns + (long) others * product.rows;
            if (blocks > most || (blocks == most && packed < least)) {
                most = blocks;
                least = packed;
                rowBlocks = candidate;
                columnBlocks = others;
            }
        }
        int panelsPerRowBlock = ceilDiv(rowPanels, rowBlocks);
        int panelsPerColumnBlock = ceilDiv(columnPanels, columnBlocks);
        int rowTasks = ceilDiv(rowPanels, panelsPerRowBlock);
        int columnTasks = ceilDiv(columnPanels, panelsPerColumnBlock);
        threads.parallelFor(product.items * rowTasks * columnTasks, nanos, task -> {
            int item = task / (rowTasks * columnTasks);
            int rowBlock = task / columnTasks % rowTasks;
            int columnBlock = task % columnTasks;
            int firstRow = rowBlock * panelsPerRowBlock * tileRows;
            int firstColumn = columnBlock * panelsPerColumnBlock * tileColumns;
            multiply(
                    product, item,
                    firstRow, Math.min(product.rows, firstRow + panelsPerRowBlock * tileRows),
                    firstColumn, Math.min(product.columns, firstColumn + panelsPerColumnBlock * tileColumns));
        });
    }

    private void multiply(CpuProduct product, int item, int firstRow, int endRow, int firstColumn, int endColumn) {
        int tileRows = simd.tileRows();
        int tileColumns = simd.tileColumns();
        float[] c = product.output();
        int base = product.outputBase(item);
        int depth = product.depth(item);
        int blocks = Math.max(1, ceilDiv(depth, DEPTH));
        int blockLength = ceilDiv(depth, blocks);
        Scratch own = scratch.get();
        float[] a = own.rows(ceilDiv(endRow - firstRow, tileRows) * tileRows * blockLength);
        float[] b = own.columns(tileColumns * blockLength);
        float[] tile = own.tile(tileRows * tileColumns);
        for (int block = 0; block < blocks; block++) {
            int from = block * blockLength;
            int length = Math.min(blockLength, depth - from);
            boolean add = block > 0;
            boolean last = block == blocks - 1;
            for (int row = firstRow; row < endRow; row += tileRows) {
                int rowCount = Math.min(tileRows, endRow - row);
                product.packRows(item, row, rowCount, from, length, a, (row - firstRow) * length, tileRows);
            }
            for (int column = firstColumn; column < endColumn; column += tileColumns) {
                int columnCount = Math.min(tileColumns, endColumn - column);
                product.packColumns(item, column, columnCount, from, length, b, 0, tileColumns);
                for (int row = firstRow; row < endRow; row += tileRows) {
                    int rowCount = Math.min(tileRows, endRow - row);
                    int panel = (row - firstRow) * length;
                    int at = base + row * product.columns + column;
                    if (columnCount == tileColumns && rowCount == tileRows) {
                        simd.tile(length, a, panel, b, 0, c, at, product.columns, add);
                    } else {
                        simd.tile(length, a, panel, b, 0, tile, 0, tileColumns, false);
                        addOrCopy(tile, tileColumns, rowCount, columnCount, c, at, product.columns, add);
                    }
                    if (last) {
                        addBias(product.bias(), rowCount, column, columnCount, c, at, product.columns);
                    }
                }
            }
        }
    }

    private static void addOrCopy(
            float[] tile, int tileStride, int rowCount, int columnCount, float[] c, int at, int stride, boolean add) {
        for (int r = 0; r < rowCount; r++) {
            int from = r * tileStride;
            int to = at + r * stride;
            if (add) {
                for (int i = 0; i < columnCount; i++) {
                    c[to + i] += tile[from + i];
                }
            } else {
                System.arraycopy(tile, from, c, to, columnCount);
            }
        }
    }

    private static void addBias(
            @Nullable CpuBuffer bias, int rowCount, int column, int columnCount, float[] c, int at, int stride) {
        if (bias == null) {
            return;
        }
        int from = bias.offset + column;
        for (int r = 0; r < rowCount; r++) {
            int line = at + r * stride;
            for (int i = 0; i < columnCount; i++) {
                c[line + i] += bias.array[from + i];
            }
        }
    }

    static int ceilDiv(int a, int b) {
        return (int) ((a + (long) b - 1) / b);
    }

    /**
     * Packs a panel of a strided matrix: element (i, p), i along the panel's width and p along the depth, is read at
     * {@code base + i indexStride + p depthStride}.
     */
    static void pack(
            float[] source, int base, int indexStride, int depthStride, int count, int length, float[] target, int at,
            int width) {
        if (depthStride == 1) {
            packAcross(source, base, indexStride, count, length, target, at, width);
        } else if (indexStride == 1) {
            for (int p = 0; p < length; p++) {
                System.arraycopy(source, base + p * depthStride, target, at + p * width, count);
            }
        } else {
            for (int p = 0; p < length; p++) {
                int from = base + p * depthStride;
                int to = at + p * width;
                for (int i = 0; i < count; i++) {
                    target[to + i] = source[from + i * indexStride];
                }
            }
        }
    }

    /** Packs what is stored along the depth, four lines at a time, so that neighbours are written together. */
    private static void packAcross(
            float[] source, int base, int indexStride, int count, int length, float[] target, int at, int width) {
        int i = 0;
        for (; i + 4 <= count; i += 4) {
            int s0 = base + i * indexStride;
            int s1 = s0 + indexStride;
            int s2 = s1 + indexStride;
            int s3 = s2 + indexStride;
            int to = at + i;
            for (int p = 0; p < length; p++) {
                target[to] = source[s0 + p];
                target[to + 1] = source[s1 + p];
                target[to + 2] = source[s2 + p];
                target[to + 3] = source[s3 + p];
                to += width;
            }
        }
        for (; i + 2 <= count; i += 2) {
            int s0 = base + i * indexStride;
            int s1 = s0 + indexStride;
            int to = at + i;
            for (int p = 0; p < length; p++) {
                target[to] = source[s0 + p];
                target[to + 1] = source[s1 + p];
                to += width;
            }
        }
        if (i < count) {
            int from = base + i * indexStride;
            int to = at + i;
            for (int p = 0; p < length; p++) {
                target[to + p * width] = source[from + p];
            }
        }
    }

    /** One thread's packed panels, which grow to the largest asked for. */
    private static final class Scratch {

        private float[] rows = new float[0];
        private float[] columns = new float[0];
        private float[] tile = new float[0];

        float[] rows(int length) {
            if (rows.length < length) {
                rows = new float[length];
            }
            return rows;
        }

        float[] columns(int length) {
            if (columns.length < length) {
                columns = new float[length];
            }
            return columns;
        }

        float[] tile(int length) {
            if (tile.length < length) {
                tile = new float[length];
            }
            return tile;
        }
    }
}
