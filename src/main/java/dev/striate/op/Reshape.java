package dev.striate.op;

import static dev.striate.internal.Internals.view;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Changes the shape. The elements, their order and the memory stay the same. */
public final class Reshape {

    private Reshape() {}

    /**
     * @param sizes the new sizes; one may be -1 and is computed from the others
     * @throws ShapeException if the number of elements would change
     */
    public static Tensor apply(Tensor x, int... sizes) {
        return record("reshape", x, resolve(x.shape(), sizes));
    }

    /** Merges all axes from {@code fromAxis} on. */
    public static Tensor flatten(Tensor x, int fromAxis) {
        return record("flatten", x, flattened(x.shape(), fromAxis));
    }

    /** Returns the shape of the output of {@link #flatten}. */
    public static Shape flattened(Shape x, int fromAxis) {
        int from = x.rank() == 0 ? 0 : x.axis("flatten", fromAxis);
        int[] sizes = Arrays.copyOf(x.toArray(), from + 1);
        sizes[from] = 1;
        for (int axis = from; axis < x.rank(); axis++) {
            sizes[from] *= x.size(axis);
        }
        return Shape.of(sizes);
    }

    /** Removes those of the given axes, or of all if none is given, that have size 1. */
    public static Tensor squeeze(Tensor x, int... axes) {
        boolean[] goes = ReduceLoops.reduced("squeeze", x.shape(), axes);
        int[] kept = IntStream.range(0, goes.length)
                .filter(axis -> !goes[axis] || x.size(axis) != 1)
                .map(x::size)
                .toArray();
        return record("squeeze", x, Shape.of(kept));
    }

    /** Inserts an axis of size 1, which is axis {@code axis} of the result. */
    public static Tensor unsqueeze(Tensor x, int axis) {
        return record("unsqueeze", x, unsqueezed("unsqueeze", x.shape(), axis));
    }

    /** Returns a shape with a new axis of size 1. */
    static Shape unsqueezed(String operation, Shape x, int axis) {
        int rank = x.rank() + 1;
        if (axis < -rank || axis >= rank) {
            throw new ShapeException(operation + ": expected a new axis from " + -rank + " to " + (rank - 1)
                    + " for the shape " + x + ", got " + axis);
        }
        int along = axis < 0 ? axis + rank : axis;
        int[] sizes = new int[rank];
        sizes[along] = 1;
        for (int i = 0; i < x.rank(); i++) {
            sizes[i < along ? i : i + 1] = x.size(i);
        }
        return Shape.of(sizes);
    }

    private static Tensor record(String operation, Tensor x, Shape shape) {
        return Recorder.of(operation, view(x, shape)).view(x).record();
    }

    private static Shape resolve(Shape x, int[] sizes) {
        int[] resolved = sizes.clone();
        int open = -1;
        long known = 1;
        for (int axis = 0; axis < sizes.length; axis++) {
            if (sizes[axis] != -1) {
                known *= sizes[axis];
            } else if (open >= 0) {
                throw new ShapeException("reshape: only one size can be -1, got " + Arrays.toString(sizes));
            } else {
                open = axis;
            }
        }
        // Beside a size of 0, the open one could be anything.
        if (open >= 0 && known > 0 && x.elements() % known == 0) {
            resolved[open] = (int) (x.elements() / known);
        } else if (open >= 0 || known != x.elements()) {
            throw new ShapeException("reshape: " + x + " has " + x.elements() + " elements, which do not fit the sizes "
                    + Arrays.toString(sizes));
        }
        return Shape.of(resolved);
    }
}
