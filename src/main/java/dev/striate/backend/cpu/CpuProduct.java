package dev.striate.backend.cpu;

import dev.striate.backend.MatmulGeometry;
import dev.striate.backend.StridedLoop;
import org.jspecify.annotations.Nullable;

/**
 * A batch of matrix products {@code C = A B + bias} and where its elements lie. Going one down a row of A, or one on
 * along the depth, moves by a step each; a transposed matrix is the same with its two steps exchanged. C is row-major.
 */
final class CpuProduct {

    final int items;
    final int rows;
    final int columns;
    /** The length summed over, 0 or more. */
    final int depth;

    final float[] a;
    final int aRow;
    final int aDepth;
    final float[] b;
    final int bColumn;
    final int bDepth;
    final float[] c;
    /** What is added to each row of C, one element per column. */
    final @Nullable CpuBuffer bias;
    /** What is added to each column of C, one element per row; an item's begin at {@link #rowBias}. */
    final @Nullable CpuBuffer biasOfRows;

    private final StridedLoop batch;
    private final int aOffset;
    private final int bOffset;
    private final int cOffset;
    /** How many items take turns in the elements of {@link #biasOfRows}. */
    private final int biasTurns;

    CpuProduct(MatmulGeometry g, CpuBuffer a, CpuBuffer b, @Nullable CpuBuffer bias, CpuBuffer c) {
        this(g, a, b, bias, null, 1, c);
    }

    private CpuProduct(
            MatmulGeometry g,
            CpuBuffer a,
            CpuBuffer b,
            @Nullable CpuBuffer bias,
            @Nullable CpuBuffer biasOfRows,
            int biasTurns,
            CpuBuffer c) {
        this.batch = g.batch();
        this.items = batch.turns();
        this.rows = g.m();
        this.columns = g.n();
        this.depth = g.k();
        this.a = a.array;
        this.aOffset = a.offset;
        this.aRow = g.transposeA() ? 1 : depth;
        this.aDepth = g.transposeA() ? rows : 1;
        this.b = b.array;
        this.bOffset = b.offset;
        this.bColumn = g.transposeB() ? depth : 1;
        this.bDepth = g.transposeB() ? 1 : columns;
        this.bias = bias;
        this.biasOfRows = biasOfRows;
        this.biasTurns = biasTurns;
        this.c = c.array;
        this.cOffset = c.offset;
    }

    /** With another bias: its element {@code item % turns * rows + row} is added to all of an item's row. */
    static CpuProduct withBiasOfRows(
            MatmulGeometry g, CpuBuffer a, CpuBuffer b, @Nullable CpuBuffer biasOfRows, int turns, CpuBuffer c) {
        return new CpuProduct(g, a, b, null, biasOfRows, turns, c);
    }

    /** Where the bias of an item's rows begins. */
    int rowBias(int item) {
        return biasOfRows == null ? 0 : biasOfRows.offset + item % biasTurns * rows;
    }

    /** Where an item's A begins. */
    int aStart(int item) {
        return aOffset + batch.position(0, item);
    }

    int bStart(int item) {
        return bOffset + batch.position(1, item);
    }

    int cStart(int item) {
        return cOffset + item * rows * columns;
    }
}
