package dev.striate.nn;

import dev.striate.Padding;
import dev.striate.Tensor;
import dev.striate.op.ImagePad;

/** Pads images with their mirror image, as {@link Tensor#padReflect} does. */
public final class ReflectionPad2d extends ImagePadding<ReflectionPad2d> {

    /**
     * Creates a layer with the same padding on all sides.
     *
     * @throws dev.striate.ShapeException if the padding is negative
     */
    public ReflectionPad2d(int padding) {
        super(ImagePad.REFLECT, Padding.of(padding));
    }

    /** @throws dev.striate.ShapeException if a number is negative */
    public ReflectionPad2d(int top, int bottom, int left, int right) {
        super(ImagePad.REFLECT, Padding.of(top, bottom, left, right));
    }

    @Override
    ReflectionPad2d self() {
        return this;
    }
}
