package dev.striate.backend;

import java.util.Arrays;

/**
 * A nest of loops, the last one innermost, over several operands, each with its own stride per loop. One or two nests
 * describe every kernel that broadcasts, transposes, slices or reduces.
 *
 * <p>{@link #of} normalises the nest: loops of one iteration are dropped, and neighbouring loops are merged if they are
 * contiguous for all operands. Two dense operands of the same shape therefore always have one loop of stride 1,
 * whatever their rank. An empty nest has no loops and one iteration.
 */
public final class StridedLoop {

    private final int[] sizes;
    private final int[][] strides;

    private StridedLoop(int[] sizes, int[][] strides) {
        this.sizes = sizes;
        this.strides = strides;
    }

    /**
     * Returns a nest in its normal form.
     *
     * @param sizes   the iterations of each loop, outermost first; with a 0, no kernel may be given the nest
     * @param strides for each operand, its stride in elements for each loop; 0 for broadcasting
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

    /** The number of loops. */
    public int depth() {
        return sizes.length;
    }

    /** The number of iterations of a loop, at least 2 for kernels. */
    public int size(int loop) {
        return sizes[loop];
    }

    /** The stride of an operand in a loop, in elements. */
    public int stride(int operand, int loop) {
        return strides[operand][loop];
    }

    /** The number of operands. */
    public int operands() {
        return strides.length;
    }

    /** The total number of iterations: the product of all sizes, 1 without loops. */
    public int turns() {
        int turns = 1;
        for (int size : sizes) {
            turns *= size;
        }
        return turns;
    }

    /** The offset of an operand from its start in the given iteration. */
    public int position(int operand, int turn) {
        int position = 0;
        for (int loop = sizes.length - 1; loop >= 0; loop--) {
            position += turn % sizes[loop] * strides[operand][loop];
            turn /= sizes[loop];
        }
        return position;
    }

    /** Whether an operand is read contiguously, one element per iteration. */
    public boolean isDense(int operand) {
        return sizes.length == 0 || (sizes.length == 1 && strides[operand][0] == 1);
    }

    /** Whether an operand is a single element for all iterations. */
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
