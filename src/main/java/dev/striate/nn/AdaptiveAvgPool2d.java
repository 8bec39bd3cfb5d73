package dev.striate.nn;

import dev.striate.Shape;
import dev.striate.Tensor;

/** Average pooling with windows chosen such that every output plane has the given size. */
public final class AdaptiveAvgPool2d extends ImageLayer<AdaptiveAvgPool2d> {

    private final int outHeight;
    private final int outWidth;

    /** @throws dev.striate.ShapeException if a size is below 1 */
    public AdaptiveAvgPool2d(int outHeight, int outWidth) {
        dev.striate.op.AdaptiveAvgPool2d.check(outHeight, outWidth);
        this.outHeight = outHeight;
        this.outWidth = outWidth;
    }

    @Override
    AdaptiveAvgPool2d self() {
        return this;
    }

    @Override
    Tensor forwardNchw(Tensor x) {
        return x.adaptiveAvgPool2d(outHeight, outWidth);
    }

    @Override
    Shape shapeRuleNchw(Shape x) {
        return dev.striate.op.AdaptiveAvgPool2d.outputShape(x, outHeight, outWidth);
    }

    @Override
    ReceptiveField receptiveFieldNchw(Shape x, ReceptiveField seen) {
        return seen.adaptive(outHeight, outWidth);
    }

    @Override
    public BlockConfig config() {
        return super.config().with("height", outHeight).with("width", outWidth);
    }

    @Override
    public String toString() {
        return "AdaptiveAvgPool2d(" + outHeight + ", " + outWidth + ")";
    }
}
