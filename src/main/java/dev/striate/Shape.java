package dev.striate;

import java.util.Arrays;

/**
 * The sizes of a tensor along its axes, outermost first: {@code (batch, channels, height, width)} for images. A shape
 * of rank 0 is a scalar. A tensor has no elements if a size is 0. There are fewer than 2^31 elements, also if every 0 is
 * replaced by 1. Shapes are immutable.
 */
public final class Shape {

    /** The shape of a scalar. */
    public static final Shape SCALAR = new Shape(new int[0], 1);

    private final int[] sizes;
    private final int elements;

    private Shape(int[] sizes, int elements) {
        this.sizes = sizes;
        this.elements = elements;
    }

    /**
     * Returns the shape with these sizes.
     *
     * @throws ShapeException if a size is negative, or if there would be 2^31 elements or more
     */
    public static Shape of(int... sizes) {
        return of(0, sizes);
    }

    /**
     * Returns the shape with these sizes, for what must have elements, such as weights and images.
     *
     * @throws ShapeException if a size is below 1, or if there would be 2^31 elements or more
     */
    public static Shape ofPositive(int... sizes) {
        return of(1, sizes);
    }

    private static Shape of(int least, int[] sizes) {
        long elements = 1;
        // Limited like the elements, so that strides do not overflow.
        long extent = 1;
        for (int size : sizes) {
            if (size < least) {
                throw new ShapeException("expected sizes of at least " + least + ", got shape " + text(sizes));
            }
            elements *= size;
            extent *= Math.max(1, size);
            if (extent > Integer.MAX_VALUE) {
                throw new ShapeException("expected fewer than 2^31 elements, got shape " + text(sizes));
            }
        }
        return sizes.length == 0 ? SCALAR : new Shape(sizes.clone(), (int) elements);
    }

    /** Returns the number of axes. */
    public int rank() {
        return sizes.length;
    }

    /** Returns the size along an axis; a negative axis counts from the end. */
    public int size(int axis) {
        return sizes[axis(axis)];
    }

    /** Returns the number of elements, the product of all sizes. */
    public int elements() {
        return elements;
    }

    /** Returns a copy of the sizes. */
    public int[] toArray() {
        return sizes.clone();
    }

    /** Returns the strides in elements of a dense, row-major array. A size of 0 counts as 1. */
    public int[] strides() {
        int[] strides = new int[sizes.length];
        int stride = 1;
        for (int axis = sizes.length - 1; axis >= 0; axis--) {
            strides[axis] = stride;
            stride *= Math.max(1, sizes[axis]);
        }
        return strides;
    }

    /**
     * Converts an axis, which may be negative and count from the end, to 0 .. rank-1.
     *
     * @throws ShapeException if there is no such axis
     */
    public int axis(int axis) {
        return axis("", axis);
    }

    /**
     * Converts an axis like {@link #axis(int)}. The error message names the operation.
     *
     * @throws ShapeException if there is no such axis
     */
    public int axis(String operation, int axis) {
        if (axis < -sizes.length || axis >= sizes.length) {
            throw new ShapeException((operation.isEmpty() ? "" : operation + ": ")
                    + "there is no axis " + axis + " in " + this + ", which has " + sizes.length
                    + (sizes.length == 1 ? " axis" : " axes"));
        }
        return axis < 0 ? axis + sizes.length : axis;
    }

    /** Returns this shape with another size along one axis. */
    public Shape with(int axis, int size) {
        int[] changed = sizes.clone();
        changed[axis(axis)] = size;
        return of(changed);
    }

    /**
     * Returns the shape that both shapes broadcast to, by NumPy's rule: aligned at the last axis, sizes are equal or
     * one of them is 1.
     *
     * @throws ShapeException if the shapes do not broadcast; the message names {@code operation}
     */
    public static Shape broadcast(String operation, Shape a, Shape b) {
        if (a.equals(b)) {
            return a;
        }
        int rank = Math.max(a.rank(), b.rank());
        int[] sizes = new int[rank];
        for (int fromEnd = 1; fromEnd <= rank; fromEnd++) {
            int sizeA = fromEnd <= a.rank() ? a.sizes[a.rank() - fromEnd] : 1;
            int sizeB = fromEnd <= b.rank() ? b.sizes[b.rank() - fromEnd] : 1;
            if (sizeA != sizeB && sizeA != 1 && sizeB != 1) {
                throw new ShapeException(operation + ": shapes " + a + " and " + b + " do not broadcast: along axis -"
                        + fromEnd + " the sizes " + sizeA + " and " + sizeB + " differ and neither is 1");
            }
            sizes[rank - fromEnd] = sizeA == 1 ? sizeB : sizeA;
        }
        return of(sizes);
    }

    /**
     * Returns the strides for reading a dense tensor of this shape as {@code target}: 0 along the axes that are
     * repeated. The caller makes sure that this shape broadcasts to {@code target}.
     */
    public int[] broadcastStrides(Shape target) {
        int[] own = strides();
        int[] strides = new int[target.rank()];
        int missing = target.rank() - rank();
        for (int axis = 0; axis < rank(); axis++) {
            strides[missing + axis] = sizes[axis] == 1 ? 0 : own[axis];
        }
        return strides;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape that && Arrays.equals(sizes, that.sizes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(sizes);
    }

    /** {@code (2, 3)}. */
    @Override
    public String toString() {
        return text(sizes);
    }

    private static String text(int[] sizes) {
        String list = Arrays.toString(sizes);
        return "(" + list.substring(1, list.length() - 1) + ")";
    }
}
