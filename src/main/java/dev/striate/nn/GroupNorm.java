package dev.striate.nn;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Group normalisation of {@code (N, C, ...)} (Wu and He, 2018). By default, it is affine: it has the parameters {@code
 * weight (C)} and {@code bias (C)}.
 */
public final class GroupNorm extends ChannelNorm<GroupNorm> {

    private final int groups;

    /** @throws ShapeException if there is no channel, or if the groups do not divide the channels */
    public GroupNorm(int groups, int channels) {
        super(channels, true);
        dev.striate.op.GroupNorm.check(groups, channels);
        this.groups = groups;
    }

    @Override
    GroupNorm self() {
        return this;
    }

    @Override
    Tensor normalize(Tensor x, @Nullable Tensor weight, @Nullable Tensor bias, float epsilon) {
        return x.groupNorm(groups, weight, bias, epsilon);
    }

    @Override
    Shape shapeRuleNchw(Shape x) {
        if (x.rank() < 2 || x.size(1) != channels()) {
            throw new ShapeException(this + ": expected (N, " + channels() + ", ...), got " + x);
        }
        return x;
    }

    @Override
    public BlockConfig config() {
        return super.config().with("groups", groups);
    }

    @Override
    public String toString() {
        return "GroupNorm(" + groups + ", " + channels() + ")";
    }
}
