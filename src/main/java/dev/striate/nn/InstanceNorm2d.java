package dev.striate.nn;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Instance normalisation of images {@code (N, C, H, W)} (Ulyanov et al., 2016), by the statistics of each channel of
 * each image. By default, it is not affine: it has no parameters.
 */
public final class InstanceNorm2d extends ChannelNorm<InstanceNorm2d> {

    /** @throws ShapeException if there is no channel */
    public InstanceNorm2d(int channels) {
        super(channels, false);
    }

    @Override
    InstanceNorm2d self() {
        return this;
    }

    @Override
    Tensor normalize(Tensor x, @Nullable Tensor weight, @Nullable Tensor bias, float epsilon) {
        return x.instanceNorm2d(weight, bias, epsilon);
    }

    @Override
    Shape shapeRuleNchw(Shape x) {
        dev.striate.op.GroupNorm.requireInstances(x);
        if (x.size(1) != channels()) {
            throw new ShapeException(this + ": expected (N, " + channels() + ", H, W), got " + x);
        }
        return x;
    }

    @Override
    public String toString() {
        return "InstanceNorm2d(" + channels() + ")";
    }
}
