package dev.striate.nn;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.op.WindowOption;
import org.jspecify.annotations.Nullable;

/**
 * What convolution and transposed convolution have in common: a weight, a bias, and their settings.
 *
 * @param <L> the layer's own type
 */
public abstract sealed class Convolution<L extends Convolution<L>> extends ImageLayer<L> permits Conv2d, ConvTranspose2d {

    final WindowOption[] options;
    final Shape weightShape;
    private final int inChannels;
    private final int outChannels;
    private final WeightSettings settings = new WeightSettings();

    Convolution(int inChannels, int outChannels, Shape weightShape, WindowOption[] options) {
        this.inChannels = inChannels;
        this.outChannels = outChannels;
        this.weightShape = weightShape;
        this.options = options.clone();
    }

    /**
     * Sets whether a bias is added; it is unless set. Batch normalisation right after makes it useless.
     *
     * @return this layer
     * @throws StriateException after {@link #initialize}
     */
    public final L bias(boolean wanted) {
        requireNotInitialized("bias");
        settings.hasBias(wanted);
        return self();
    }

    /**
     * Sets how the weight begins; the bias begins at 0 then. Unless set, both are {@link Initializer#PYTORCH_DEFAULT}.
     *
     * @return this layer
     * @throws StriateException after {@link #initialize}
     */
    public final L initializer(Initializer weight) {
        return initializer(weight, Initializer.ZEROS);
    }

    /** Sets how weight and bias begin. */
    public final L initializer(Initializer weight, Initializer bias) {
        requireNotInitialized("initializer");
        settings.initializers(weight, bias);
        return self();
    }

    @Override
    protected final void create(Device device, Generator generator) {
        settings.create(this, device, generator, weightShape, outChannels);
    }

    @Override
    protected final long createdElements() {
        return settings.elements(weightShape, outChannels);
    }

    final @Nullable Tensor biasOrNull() {
        return settings.hasBias() ? parameter("bias") : null;
    }

    @Override
    public String toString() {
        return super.toString() + "(" + inChannels + ", " + outChannels + ", " + weightShape.size(2) + "x" + weightShape.size(3)
                + ")";
    }
}
