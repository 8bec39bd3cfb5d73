package dev.striate.nn;

import dev.striate.Padding;
import dev.striate.Tensor;
import dev.striate.op.ImagePad;

/** Pads images with their nearest pixel, as {@link Tensor#padEdge} does. */
public final class ReplicationPad2d extends ImagePadding<ReplicationPad2d> {

    /**
     * Creates a layer with the same padding on all sides.
     *
     * @throws dev.striate.ShapeException if the padding is negative
     */
    public ReplicationPad2d(int padding) {
        super(ImagePad.EDGE, Padding.of(padding));
    }

    /** @throws dev.striate.ShapeException if a number is negative */
    public ReplicationPad2d(int top, int bottom, int left, int right) {
        super(ImagePad.EDGE, Padding.of(top, bottom, left, right));
    }

    @Override
    ReplicationPad2d self() {
        return this;
    }
}
