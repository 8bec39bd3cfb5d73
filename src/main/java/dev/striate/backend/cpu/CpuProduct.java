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

    private final StridedLoop batch;
    private final int aOffset;
    private final int bOffset;
    private final int cOffset;

    CpuProduct(MatmulGeometry g, CpuBuffer a, CpuBuffer b, @Nullable CpuBuffer bias, CpuBuffer c) {
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
        this.c = c.array;
        this.cOffset = c.offset;
    }

    /** Multiply-adds, and what begins and ends each element. */
    double work() {
        return (double) items * rows * columns * (depth + 8);
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
