package dev.striate.nn;

import dev.striate.Shape;
import dev.striate.Tensor;

/** The mean of each plane: maps {@code (N, C, H, W)} to {@code (N, C, 1, 1)}. */
public final class GlobalAvgPool2d extends ImageLayer<GlobalAvgPool2d> {

    @Override
    GlobalAvgPool2d self() {
        return this;
    }

    @Override
    Tensor forwardNchw(Tensor x) {
        return x.globalAvgPool2d();
    }

    @Override
    Shape shapeRuleNchw(Shape x) {
        return dev.striate.op.AdaptiveAvgPool2d.outputShape(x, 1, 1);
    }

    @Override
    ReceptiveField receptiveFieldNchw(Shape x, ReceptiveField seen) {
        return seen.adaptive(1, 1);
    }
}
