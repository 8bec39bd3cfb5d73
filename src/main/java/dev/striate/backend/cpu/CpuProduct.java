package dev.striate.backend.cpu;

import org.jspecify.annotations.Nullable;

/**
 * Matrix products {@code C = A B} whose operands are not stored as matrices: whoever asks for a product says how to pack a panel
 * of either operand and where C goes, {@link CpuGemm} does the rest. One object describes several products, the
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

    /** The row-major matrices C are. */
    abstract float[] output();

    /** The place of C's first element. */
    abstract int outputBase(int item);

    /** What is added to each row of C, one element per column, or null. */
    abstract @Nullable CpuBuffer bias();
}
