package dev.striate.nn;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.WindowOption;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The common part of convolution and transposed convolution: a weight, a bias, and their settings.
 *
 * @param <L> the layer's own type
 */
public abstract sealed class Convolution<L extends Convolution<L>> extends ImageLayer<L>
        permits Conv2d, ConvTranspose2d {

    final WindowOption[] options;
    final int outChannels;
    final int kernelHeight;
    final int kernelWidth;
    private int inChannels;
    private @Nullable Shape weightShape;
    private final WeightSettings settings = new WeightSettings();

    Convolution(int outChannels, int kernelHeight, int kernelWidth, WindowOption[] options) {
        this.outChannels = outChannels;
        this.kernelHeight = kernelHeight;
        this.kernelWidth = kernelWidth;
        this.options = options.clone();
    }

    /** Returns the shape of the weight for a number of input channels. */
    abstract Shape weightShape(int channels);

    final void inChannels(int channels) {
        weightShape = weightShape(channels);
        inChannels = channels;
    }

    final Shape weightShape() {
        requireSizes();
        return Objects.requireNonNull(weightShape);
    }

    @Override
    final boolean hasSizes() {
        return weightShape != null;
    }

    @Override
    final void takeSizesNchw(Shape x) {
        Layout.NCHW.requireImages(toString(), x);
        inChannels(x.size(1));
    }

    /**
     * Sets whether the layer has a bias; true by default. A bias has no effect if batch normalisation follows.
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
     * Sets the initialiser of the weight; the bias then starts at 0. By default both use {@link
     * Initializer#PYTORCH_DEFAULT}.
     *
     * @return this layer
     * @throws StriateException after {@link #initialize}
     */
    public final L initializer(Initializer weight) {
        return initializer(weight, Initializer.ZEROS);
    }

    /** Sets the initialisers of weight and bias. */
    public final L initializer(Initializer weight, Initializer bias) {
        requireNotInitialized("initializer");
        settings.initializers(weight, bias);
        return self();
    }

    @Override
    protected final void create(Device device, Generator generator) {
        settings.create(this, device, generator, weightShape(), outChannels);
    }

    @Override
    protected final long createdElements() {
        return settings.elements(weightShape(), outChannels);
    }

    final @Nullable Tensor biasOrNull() {
        return settings.hasBias() ? parameter("bias") : null;
    }

    @Override
    public BlockConfig config() {
        requireSizes();
        return super.config()
                .with("in", inChannels)
                .with("out", outChannels)
                .with("kernel", List.of(kernelHeight, kernelWidth))
                .with(options)
                .with("bias", settings.hasBias());
    }

    @Override
    public String toString() {
        return super.toString() + "(" + (hasSizes() ? inChannels : "?") + ", " + outChannels + ", " + kernelHeight + "x"
                + kernelWidth + ")";
    }
}
