package dev.striate.op;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.backend.StridedLoop;
import java.util.Arrays;

/**
 * The shape rule of reductions: the kept and the reduced axes, and the two loop nests over them.
 *
 * @param output the shape of the result
 * @param kept   loops over the elements of the result, with the strides of the input
 * @param reduced loops over the elements that are reduced to one of them, with the strides of the input
 * @param keepAxes the shape of the result with the reduced axes as 1
 */
record ReduceLoops(Shape output, StridedLoop kept, StridedLoop reduced, Shape keepAxes) {

    /** @param axes the axes to reduce; all of them if empty */
    static ReduceLoops of(String operation, Shape x, int[] axes, boolean keep) {
        boolean[] goes = reduced(operation, x, axes);
        int[] strides = x.strides();
        int reducedRank = 0;
        for (boolean gone : goes) {
            reducedRank += gone ? 1 : 0;
        }
        int[] keptSizes = new int[x.rank() - reducedRank];
        int[] keptStrides = new int[keptSizes.length];
        int[] reducedSizes = new int[reducedRank];
        int[] reducedStrides = new int[reducedRank];
        int[] ones = x.toArray();
        int kept = 0;
        int reduced = 0;
        for (int axis = 0; axis < goes.length; axis++) {
            if (goes[axis]) {
                reducedSizes[reduced] = x.size(axis);
                reducedStrides[reduced++] = strides[axis];
                ones[axis] = 1;
            } else {
                keptSizes[kept] = x.size(axis);
                keptStrides[kept++] = strides[axis];
            }
        }
        Shape keepAxes = Shape.of(ones);
        return new ReduceLoops(
                keep ? keepAxes : Shape.of(keptSizes),
                StridedLoop.of(keptSizes, keptStrides),
                StridedLoop.of(reducedSizes, reducedStrides),
                keepAxes);
    }

    /**
     * Returns these loops.
     *
     * @param x the input
     * @throws ShapeException if each element of the result would be chosen from none
     */
    ReduceLoops requireChoice(String operation, Shape x) {
        if (reduced.turns() == 0) {
            throw new ShapeException(
                    operation + ": expected at least one element to choose from, got a tensor of shape " + x
                            + " for a result of shape " + output);
        }
        return this;
    }

    /** Returns for each axis whether it is among the given ones; all are if none is given. */
    static boolean[] reduced(String operation, Shape x, int[] axes) {
        boolean[] reduced = new boolean[x.rank()];
        Arrays.fill(reduced, axes.length == 0);
        for (int axis : axes) {
            reduced[x.axis(operation, axis)] = true;
        }
        return reduced;
    }
}
