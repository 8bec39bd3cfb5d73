package dev.striate.nn;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.StriateException;
import dev.striate.Tensor;
import java.util.Arrays;

/**
 * Layer normalisation over the last axes (Ba et al., 2016), the same in training and evaluation. Parameters, of the
 * sizes of these axes: {@code weight}, initially 1, and {@code bias}, initially 0. The receptive field does not count
 * the statistics.
 */
public final class LayerNorm extends Block {

    private final Shape normalized;
    private final AffineSettings settings = new AffineSettings(true);

    /**
     * Creates a layer for inputs whose last axes have the given sizes.
     *
     * @throws ShapeException if a size is below 1, or if there is none
     */
    public LayerNorm(int... sizes) {
        normalized = Shape.ofPositive(sizes);
        dev.striate.op.GroupNorm.requireLastSizes(normalized, normalized);
    }

    /**
     * Sets whether the layer has a weight and a bias; true by default.
     *
     * @return this layer
     * @throws StriateException after {@link #initialize}
     */
    public LayerNorm affine(boolean wanted) {
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
    public LayerNorm epsilon(float wanted) {
        settings.epsilon(this, wanted);
        return this;
    }

    @Override
    protected void create(Device device, Generator generator) {
        settings.create(this, device, normalized);
    }

    @Override
    protected long createdElements() {
        return settings.elements(normalized);
    }

    @Override
    protected Tensor compute(Tensor x) {
        return x.layerNorm(
                normalized,
                settings.parameterOrNull(this, "weight"),
                settings.parameterOrNull(this, "bias"),
                settings.epsilon());
    }

    @Override
    protected Shape shapeRule(Shape input) {
        dev.striate.op.GroupNorm.requireLastSizes(input, normalized);
        return input;
    }

    @Override
    protected ReceptiveField receptiveField(Shape input, ReceptiveField seen) {
        return seen;
    }

    @Override
    public BlockConfig config() {
        return settings.addTo(BlockConfig.of(this)
                .with("sizes", Arrays.stream(normalized.toArray()).boxed().toList()));
    }

    @Override
    public String toString() {
        return "LayerNorm" + normalized;
    }
}
