package dev.striate.backend;

import java.util.Arrays;

/**
 * A nest of loops, the last the innermost, in which each of several operands moves by its own stride per loop. All kernels that
 * broadcast, transpose, cut or reduce are described by one or two of these.
 *
 * <p>{@link #of} brings the nest to its shortest form: loops of one turn are dropped, and neighbours that all operands walk as
 * one run are merged. So two same-shaped dense operands always arrive as one loop of stride 1, whatever their rank. A nest with
 * nothing to loop over has no loops at all and one turn.
 */
public final class StridedLoop {

    private final int[] sizes;
    private final int[][] strides;

    private StridedLoop(int[] sizes, int[][] strides) {
        this.sizes = sizes;
        this.strides = strides;
    }

    /**
     * Describes a nest in its shortest form.
     *
     * @param sizes   turns of each loop, outermost first, all at least 1
     * @param strides for each operand, the elements it moves per turn of each loop; 0 repeats, as in broadcasting
     */
    public static StridedLoop of(int[] sizes, int[]... strides) {
        int[] mergedSizes = new int[sizes.length];
        int[][] mergedStrides = new int[strides.length][sizes.length];
        int depth = 0;
        for (int loop = 0; loop < sizes.length; loop++) {
            if (sizes[loop] == 1) {
                continue;
            }
            if (depth > 0 && continuesPrevious(loop, sizes, strides, mergedStrides, depth - 1)) {
                mergedSizes[depth - 1] *= sizes[loop];
                for (int operand = 0; operand < strides.length; operand++) {
                    mergedStrides[operand][depth - 1] = strides[operand][loop];
                }
                continue;
            }
            mergedSizes[depth] = sizes[loop];
            for (int operand = 0; operand < strides.length; operand++) {
                mergedStrides[operand][depth] = strides[operand][loop];
            }
            depth++;
        }
        int[][] shortened = new int[strides.length][];
        for (int operand = 0; operand < strides.length; operand++) {
            shortened[operand] = Arrays.copyOf(mergedStrides[operand], depth);
        }
        return new StridedLoop(Arrays.copyOf(mergedSizes, depth), shortened);
    }

    private static boolean continuesPrevious(int loop, int[] sizes, int[][] strides, int[][] merged, int previous) {
        for (int operand = 0; operand < strides.length; operand++) {
            if (merged[operand][previous] != strides[operand][loop] * sizes[loop]) {
                return false;
            }
        }
        return true;
    }

    /** The number of loops, 0 or more. */
    public int depth() {
        return sizes.length;
    }

    /** Turns of a loop, 2 or more. */
    public int size(int loop) {
        return sizes[loop];
    }

    /** Elements an operand moves per turn of a loop. */
    public int stride(int operand, int loop) {
        return strides[operand][loop];
    }

    /** The number of operands. */
    public int operands() {
        return strides.length;
    }

    /** Turns of the innermost body: the product of all sizes, 1 without loops. */
    public int turns() {
        int turns = 1;
        for (int size : sizes) {
            turns *= size;
        }
        return turns;
    }

    /** Where an operand stands, relative to its start, in the given turn of the innermost body. */
    public int position(int operand, int turn) {
        int position = 0;
        for (int loop = sizes.length - 1; loop >= 0; loop--) {
            position += turn % sizes[loop] * strides[operand][loop];
            turn /= sizes[loop];
        }
        return position;
    }

    /** Whether an operand is walked as one dense run, an element per turn. */
    public boolean isDense(int operand) {
        return sizes.length == 0 || (sizes.length == 1 && strides[operand][0] == 1);
    }

    /** Whether an operand stays where it is, one element for all turns. */
    public boolean isConstant(int operand) {
        for (int stride : strides[operand]) {
            if (stride != 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof StridedLoop that
                && Arrays.equals(sizes, that.sizes)
                && Arrays.deepEquals(strides, that.strides);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(sizes) + Arrays.deepHashCode(strides);
    }

    @Override
    public String toString() {
        return "StridedLoop" + Arrays.toString(sizes) + Arrays.deepToString(strides);
    }
}
