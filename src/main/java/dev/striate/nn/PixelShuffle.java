package dev.striate.nn;

import dev.striate.Shape;
import dev.striate.Tensor;

/**
 * Arranges channels as larger images (Shi et al., 2016): maps {@code (N, C * factor^2, H, W)} to {@code (N, C, H *
 * factor, W * factor)}. See {@link Tensor#pixelShuffle}.
 */
public final class PixelShuffle extends ImageLayer<PixelShuffle> {

    private final int factor;

    /** @throws dev.striate.ShapeException if the factor is below 1 */
    public PixelShuffle(int factor) {
        dev.striate.op.PixelShuffle.check(factor);
        this.factor = factor;
    }

    @Override
    PixelShuffle self() {
        return this;
    }

    @Override
    Tensor forwardNchw(Tensor x) {
        return x.pixelShuffle(factor);
    }

    @Override
    Shape shapeRuleNchw(Shape x) {
        return dev.striate.op.PixelShuffle.outputShape(x, factor);
    }

    @Override
    ReceptiveField receptiveFieldNchw(Shape x, ReceptiveField seen) {
        return new ReceptiveField(seen.height().repeated(factor), seen.width().repeated(factor));
    }

    @Override
    public BlockConfig config() {
        return super.config().with("factor", factor);
    }

    @Override
    public String toString() {
        return "PixelShuffle(" + factor + ")";
    }
}
