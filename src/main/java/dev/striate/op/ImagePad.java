package dev.striate.op;

import dev.striate.Padding;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;

/** Pads images {@code (N, C, H, W)} with their own pixels. */
public enum ImagePad {

    /** The image mirrored at the centres of its outermost pixels, which are not repeated. */
    REFLECT("padReflect") {
        @Override
        int source(int i, int size) {
            return i < size ? Math.abs(i) : 2 * (size - 1) - i;
        }
    },

    /** The nearest pixel of the image. */
    EDGE("padEdge") {
        @Override
        int source(int i, int size) {
            return Math.max(0, Math.min(size - 1, i));
        }
    };

    private final String operation;

    ImagePad(String operation) {
        this.operation = operation;
    }

    /** Which pixel of an axis stands at place {@code i}, which is negative in the padding before the image. */
    abstract int source(int i, int size);

    /**
     * @throws ShapeException if x is not {@code (N, C, H, W)}, the padding is not in numbers, the output would be too
     *     large, or a reflection needs more pixels than there are
     */
    public Tensor apply(Tensor x, Padding padding) {
        Shape shape = outputShape(x.shape(), padding);
        return Resample2d.apply(
                operation,
                x,
                sources(x.size(2), padding.top(), shape.size(2)),
                sources(x.size(3), padding.left(), shape.size(3)));
    }

    /** Returns the shape of the output without computing it; errors as for {@link #apply}. */
    public Shape outputShape(Shape x, Padding padding) {
        Window.requireImages(operation, x);
        if (padding.rule() != Padding.Rule.GIVEN) {
            throw new ShapeException(operation + ": expected padding in numbers, got " + padding.rule());
        }
        int height = x.size(2);
        int width = x.size(3);
        if (this == REFLECT
                && (Math.max(padding.top(), padding.bottom()) >= height
                        || Math.max(padding.left(), padding.right()) >= width)) {
            throw new ShapeException(operation + ": padding must be smaller than the image " + x + ", got "
                    + padding.top() + ", " + padding.bottom() + ", " + padding.left() + ", " + padding.right());
        }
        return Sizes.shape(
                operation,
                x.size(0),
                x.size(1),
                Sizes.require(operation, "the padded height", (long) height + padding.top() + padding.bottom()),
                Sizes.require(operation, "the padded width", (long) width + padding.left() + padding.right()));
    }

    private double[] sources(int size, int before, int padded) {
        double[] sources = new double[padded];
        for (int i = 0; i < padded; i++) {
            sources[i] = source(i - before, size);
        }
        return sources;
    }
}
