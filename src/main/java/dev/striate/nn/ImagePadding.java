package dev.striate.nn;

import dev.striate.Padding;
import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.WindowOption;
import dev.striate.op.ImagePad;

/**
 * The common part of layers that pad images with their own pixels.
 *
 * @param <L> the layer's own type
 */
public abstract sealed class ImagePadding<L extends ImagePadding<L>> extends ImageLayer<L>
        permits ReflectionPad2d, ReplicationPad2d {

    private final ImagePad pad;
    private final Padding padding;

    ImagePadding(ImagePad pad, Padding padding) {
        this.pad = pad;
        this.padding = padding;
    }

    @Override
    final Tensor forwardNchw(Tensor x) {
        return pad.apply(x, padding);
    }

    @Override
    final Shape shapeRuleNchw(Shape x) {
        return pad.outputShape(x, padding);
    }

    /** The field of a pixel in the padding is the place where the pixel lies, outside of the image. */
    @Override
    final ReceptiveField receptiveFieldNchw(Shape x, ReceptiveField seen) {
        Shape y = shapeRuleNchw(x);
        return new ReceptiveField(
                seen.height().window(1, 1, 1, padding.top(), y.size(2)),
                seen.width().window(1, 1, 1, padding.left(), y.size(3)));
    }

    @Override
    public BlockConfig config() {
        return super.config().with(WindowOption.padding(padding));
    }

    @Override
    public String toString() {
        return super.toString() + "(" + padding.top() + ", " + padding.bottom() + ", " + padding.left() + ", "
                + padding.right() + ")";
    }
}
