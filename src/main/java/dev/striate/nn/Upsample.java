package dev.striate.nn;

import dev.striate.Interpolation;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.disk.PrintableText;
import dev.striate.op.Upsample.Extent;
import dev.striate.op.Upsample.Grid;

/** Resizes images by a factor or to a size, larger or smaller. */
public final class Upsample extends ImageLayer<Upsample> {

    private final Extent height;
    private final Extent width;
    private final Interpolation mode;

    private Upsample(Extent height, Extent width, Interpolation mode) {
        this.height = height;
        this.width = width;
        this.mode = mode;
    }

    /**
     * Returns a layer that resizes by a factor, as {@link Tensor#upsampleBy(double, Interpolation)} does.
     *
     * @throws dev.striate.ShapeException if the scale is not finite and above 0
     */
    public static Upsample byScale(double scale, Interpolation mode) {
        return byScale(scale, scale, mode);
    }

    /**
     * Returns a layer that resizes by separate factors for height and width.
     *
     * @throws dev.striate.ShapeException if a scale is not finite and above 0
     */
    public static Upsample byScale(double scaleHeight, double scaleWidth, Interpolation mode) {
        return new Upsample(Extent.ofScale(scaleHeight), Extent.ofScale(scaleWidth), mode);
    }

    /**
     * Returns a layer that resizes to a given height and width.
     *
     * @throws dev.striate.ShapeException if a size is below 1
     */
    public static Upsample toSize(int height, int width, Interpolation mode) {
        return new Upsample(Extent.ofPixels(height), Extent.ofPixels(width), mode);
    }

    static Upsample of(BlockConfig config) {
        for (Interpolation mode : Interpolation.values()) {
            if (mode.name().equals(config.text("mode"))) {
                return new Upsample(Extent.parse(config.text("height")), Extent.parse(config.text("width")), mode);
            }
        }
        throw new StriateException("the structure of a network: Upsample has no mode \""
                + PrintableText.excerpt(config.text("mode")) + "\"");
    }

    @Override
    Upsample self() {
        return this;
    }

    @Override
    Tensor forwardNchw(Tensor x) {
        return dev.striate.op.Upsample.apply(x, height, width, mode);
    }

    @Override
    Shape shapeRuleNchw(Shape x) {
        return dev.striate.op.Upsample.outputShape(x, height, width);
    }

    @Override
    ReceptiveField receptiveFieldNchw(Shape x, ReceptiveField seen) {
        return new ReceptiveField(
                through(seen.height(), dev.striate.op.Upsample.rows(x, height, mode)),
                through(seen.width(), dev.striate.op.Upsample.columns(x, width, mode)));
    }

    private static ReceptiveField.Axis through(ReceptiveField.Axis seen, Grid grid) {
        return seen.through(grid.isNearest() ? 1 : 2, grid.step(), grid.start(), grid.out());
    }

    @Override
    public BlockConfig config() {
        return super.config()
                .with("height", height.toString())
                .with("width", width.toString())
                .with("mode", mode.name());
    }

    @Override
    public String toString() {
        return "Upsample(" + height + ", " + width + ", " + mode + ")";
    }
}
