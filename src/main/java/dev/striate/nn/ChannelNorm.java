package dev.striate.nn;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The common part of normalisations of {@code (N, C, ...)} by the statistics of each image, the same in training and
 * evaluation. Parameters, if the layer is affine: {@code weight (C)}, initially 1, and {@code bias (C)}, initially 0.
 * The receptive field does not count the statistics, which depend on the whole image.
 *
 * @param <L> the layer's own type
 */
public abstract sealed class ChannelNorm<L extends ChannelNorm<L>> extends ImageLayer<L>
        permits GroupNorm, InstanceNorm2d {

    private final Shape channels;
    private final AffineSettings settings;

    ChannelNorm(int channels, boolean affine) {
        this.channels = Shape.ofPositive(channels);
        settings = new AffineSettings(affine);
    }

    /**
     * Sets whether the layer has a weight and a bias. By default, {@link GroupNorm} has both and {@link InstanceNorm2d}
     * has neither.
     *
     * @return this layer
     * @throws StriateException after {@link #initialize}
     */
    public final L affine(boolean wanted) {
        requireNotInitialized("affine");
        settings.affine(wanted);
        return self();
    }

    /**
     * Sets the number that is added to the variance; 1e-5 by default.
     *
     * @return this layer
     * @throws StriateException if it is not finite and above 0
     */
    public final L epsilon(float wanted) {
        settings.epsilon(this, wanted);
        return self();
    }

    final int channels() {
        return channels.elements();
    }

    /** Normalises {@code (N, C, ...)}. */
    abstract Tensor normalize(Tensor x, @Nullable Tensor weight, @Nullable Tensor bias, float epsilon);

    @Override
    protected final void create(Device device, Generator generator) {
        settings.create(this, device, channels);
    }

    @Override
    protected final long createdElements() {
        return settings.elements(channels);
    }

    @Override
    final Tensor forwardNchw(Tensor x) {
        return normalize(
                x,
                settings.parameterOrNull(this, "weight"),
                settings.parameterOrNull(this, "bias"),
                settings.epsilon());
    }

    @Override
    final ReceptiveField receptiveFieldNchw(Shape x, ReceptiveField seen) {
        return seen;
    }

    @Override
    public BlockConfig config() {
        return settings.addTo(super.config().with("channels", channels()));
    }
}
