package dev.striate.nn;

import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.WindowOption;

/**
 * A convolution layer: maps {@code (N, in, H, W)} to {@code (N, out, OH, OW)}. Parameters: {@code weight (out,
 * in/groups, KH, KW)} and {@code bias (out)}. Options: stride, padding, dilation, groups.
 *
 * <pre>{@code
 * Conv2d conv = new Conv2d(3, 64, 7, stride(2), padding(3)).bias(false);     // (N, 3, 224, 224) to (N, 64, 112, 112)
 * }</pre>
 */
public final class Conv2d extends Convolution<Conv2d> {

    /** Creates a layer with a square kernel. */
    public Conv2d(int inChannels, int outChannels, int kernel, WindowOption... options) {
        this(inChannels, outChannels, kernel, kernel, options);
    }

    /** @throws dev.striate.ShapeException if sizes or options do not fit each other */
    public Conv2d(int inChannels, int outChannels, int kernelHeight, int kernelWidth, WindowOption... options) {
        super(outChannels, kernelHeight, kernelWidth, options);
        inChannels(inChannels);
    }

    private Conv2d(int outChannels, int kernel, WindowOption... options) {
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
    public static Conv2d lazy(int outChannels, int kernel, WindowOption... options) {
        return new Conv2d(outChannels, kernel, options);
    }

    @Override
    Shape weightShape(int channels) {
        return dev.striate.op.Conv2d.weightShape(channels, outChannels, kernelHeight, kernelWidth, options);
    }

    @Override
    Conv2d self() {
        return this;
    }

    @Override
    Tensor forwardNchw(Tensor x) {
        return x.conv2d(parameter("weight"), biasOrNull(), options);
    }

    @Override
    Tensor forwardReluNchw(Tensor x) {
        return dev.striate.op.Conv2d.withRelu(x, parameter("weight"), biasOrNull(), options);
    }

    @Override
    Shape shapeRuleNchw(Shape x) {
        return dev.striate.op.Conv2d.outputShape(x, weightShape(), options);
    }

    @Override
    ReceptiveField receptiveFieldNchw(Shape x, ReceptiveField seen) {
        return seen.through(dev.striate.op.Conv2d.geometry(x, weightShape(), options));
    }

    /** Each output is a sum over the weights of a filter. */
    @Override
    protected long multiplyAdds(Shape input, Shape output) {
        return (long) output.elements()
                * (weightShape().elements() / weightShape().size(0));
    }
}
