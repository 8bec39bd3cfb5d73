package dev.striate.nn;

import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.WindowOption;

/**
 * A transposed convolution layer: maps {@code (N, in, H, W)} to {@code (N, out, OH, OW)}. Parameters: {@code weight
 * (in, out/groups, KH, KW)} and {@code bias (out)}. Options: stride, padding, output padding, dilation, groups.
 */
public final class ConvTranspose2d extends Convolution<ConvTranspose2d> {

    /** Creates a layer with a square kernel. */
    public ConvTranspose2d(int inChannels, int outChannels, int kernel, WindowOption... options) {
        this(inChannels, outChannels, kernel, kernel, options);
    }

    /** @throws dev.striate.ShapeException if sizes or options do not fit each other */
    public ConvTranspose2d(
            int inChannels, int outChannels, int kernelHeight, int kernelWidth, WindowOption... options) {
        super(outChannels, kernelHeight, kernelWidth, options);
        inChannels(inChannels);
    }

    private ConvTranspose2d(int outChannels, int kernel, WindowOption... options) {
        super(Shape.ofPositive(outChannels).elements(), kernel, kernel, options);
        // Without channels, only the kernel and the options can be checked.
        weightShape(outChannels);
    }

    /**
     * Creates a layer with a square kernel that takes the number of input channels from its first input; see {@link
     * Block#initialize(dev.striate.Device, dev.striate.Generator, Shape)}.
     *
     * @throws dev.striate.ShapeException if sizes or options do not fit each other
     */
    public static ConvTranspose2d lazy(int outChannels, int kernel, WindowOption... options) {
        return new ConvTranspose2d(outChannels, kernel, options);
    }

    @Override
    Shape weightShape(int channels) {
        return dev.striate.op.ConvTranspose2d.weightShape(channels, outChannels, kernelHeight, kernelWidth, options);
    }

    @Override
    ConvTranspose2d self() {
        return this;
    }

    @Override
    Tensor forwardNchw(Tensor x) {
        return x.convTranspose2d(parameter("weight"), biasOrNull(), options);
    }

    @Override
    Shape shapeRuleNchw(Shape x) {
        return dev.striate.op.ConvTranspose2d.outputShape(x, weightShape(), options);
    }

    @Override
    ReceptiveField receptiveFieldNchw(Shape x, ReceptiveField seen) {
        return seen.throughTransposed(dev.striate.op.ConvTranspose2d.geometry(x, weightShape(), options));
    }

    /** Each input is multiplied with all weights of a filter. Products that fall outside the output count too. */
    @Override
    protected long multiplyAdds(Shape input, Shape output) {
        return (long) input.elements()
                * (weightShape().elements() / weightShape().size(0));
    }
}
