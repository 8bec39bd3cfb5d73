package dev.striate.nn;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.StriateException;
import dev.striate.Tensor;

/**
 * Group normalisation of {@code (N, C, ...)} (Wu and He, 2018), the same in training and evaluation. Parameters: {@code
 * weight (C)}, initially 1, and {@code bias (C)}, initially 0. The receptive field does not count the statistics, which
 * depend on the whole image.
 */
public final class GroupNorm extends ImageLayer<GroupNorm> {

    private final int groups;
    private final Shape channels;
    private final AffineSettings settings = new AffineSettings(true);

    /** @throws ShapeException if there is no channel, or if the groups do not divide the channels */
    public GroupNorm(int groups, int channels) {
        this.channels = Shape.of(channels);
        dev.striate.op.GroupNorm.check(groups, channels);
        this.groups = groups;
    }

    /**
     * Sets whether the layer has a weight and a bias; true by default.
     *
     * @return this layer
     * @throws StriateException after {@link #initialize}
     */
    public GroupNorm affine(boolean wanted) {
        requireNotInitialized("affine");
        settings.affine(wanted);
        return this;
    }

    /**
     * Sets the number that is added to the variance; 1e-5 by default.
     *
     * @return this layer
     * @throws StriateException if it is not finite and above 0
     */
    public GroupNorm epsilon(float wanted) {
        settings.epsilon(this, wanted);
        return this;
    }

    @Override
    GroupNorm self() {
        return this;
    }

    @Override
    protected void create(Device device, Generator generator) {
        settings.create(this, device, channels);
    }

    @Override
    protected long createdElements() {
        return settings.elements(channels);
    }

    @Override
    Tensor forwardNchw(Tensor x) {
        return x.groupNorm(
                groups,
                settings.parameterOrNull(this, "weight"),
                settings.parameterOrNull(this, "bias"),
                settings.epsilon());
    }

    @Override
    Shape shapeRuleNchw(Shape x) {
        if (x.rank() < 2 || x.size(1) != channels.elements()) {
            throw new ShapeException(this + ": expected (N, " + channels.elements() + ", ...), got " + x);
        }
        return x;
    }

    @Override
    ReceptiveField receptiveFieldNchw(Shape x, ReceptiveField seen) {
        return seen;
    }

    @Override
    public BlockConfig config() {
        return settings.addTo(super.config().with("groups", groups).with("channels", channels.elements()));
    }

    @Override
    public String toString() {
        return "GroupNorm(" + groups + ", " + channels.elements() + ")";
    }
}
