package dev.striate.op;

import static dev.striate.internal.Internals.view;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import dev.striate.autograd.Recorder;
import java.util.Arrays;

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
        if (open >= 0 && known > 0 && x.elements() % known == 0) {
            resolved[open] = (int) (x.elements() / known);
            known = x.elements();
        }
        if (known != x.elements()) {
            throw new ShapeException("reshape: " + x + " has " + x.elements() + " elements, which do not fit the sizes "
                    + Arrays.toString(sizes));
        }
        return Shape.of(resolved);
    }
}
