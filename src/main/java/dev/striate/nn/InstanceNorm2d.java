package dev.striate.nn;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.StriateException;
import dev.striate.Tensor;

/**
 * Instance normalisation of images (Ulyanov et al., 2016), by the statistics of each channel of each image in training
 * and evaluation. By default there are no parameters; with {@code affine(true)}, {@code weight (C)}, initially 1, and
 * {@code bias (C)}, initially 0. The receptive field does not count the statistics, which depend on the whole image.
 */
public final class InstanceNorm2d extends ImageLayer<InstanceNorm2d> {

    private final Shape channels;
    private final AffineSettings settings = new AffineSettings(false);

    /** @throws ShapeException if there is no channel */
    public InstanceNorm2d(int channels) {
        this.channels = Shape.of(channels);
    }

    /**
     * Sets whether the layer has a weight and a bias; false by default.
     *
     * @return this layer
     * @throws StriateException after {@link #initialize}
     */
    public InstanceNorm2d affine(boolean wanted) {
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
    public InstanceNorm2d epsilon(float wanted) {
        settings.epsilon(this, wanted);
        return this;
    }

    @Override
    InstanceNorm2d self() {
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
        return x.instanceNorm2d(
                settings.parameterOrNull(this, "weight"), settings.parameterOrNull(this, "bias"), settings.epsilon());
    }

    @Override
    Shape shapeRuleNchw(Shape x) {
        dev.striate.op.GroupNorm.requireInstances(x);
        if (x.size(1) != channels.elements()) {
            throw new ShapeException(this + ": expected (N, " + channels.elements() + ", H, W), got " + x);
        }
        return x;
    }

    @Override
    ReceptiveField receptiveFieldNchw(Shape x, ReceptiveField seen) {
        return seen;
    }

    @Override
    public BlockConfig config() {
        return settings.addTo(super.config().with("channels", channels.elements()));
    }

    @Override
    public String toString() {
        return "InstanceNorm2d(" + channels.elements() + ")";
    }
}
