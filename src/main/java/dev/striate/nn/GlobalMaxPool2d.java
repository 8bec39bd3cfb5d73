package dev.striate.nn;

import dev.striate.Shape;
import dev.striate.Tensor;

/** The maximum of each plane: maps {@code (N, C, H, W)} to {@code (N, C, 1, 1)}. */
public final class GlobalMaxPool2d extends ImageLayer<GlobalMaxPool2d> {

    @Override
    GlobalMaxPool2d self() {
        return this;
    }

    @Override
    Tensor forwardNchw(Tensor x) {
        return x.globalMaxPool2d();
    }

    @Override
    Shape shapeRuleNchw(Shape x) {
        return dev.striate.op.GlobalMaxPool2d.outputShape(x);
    }

    @Override
    ReceptiveField receptiveFieldNchw(Shape x, ReceptiveField seen) {
        return seen.adaptive(1, 1);
    }
}
