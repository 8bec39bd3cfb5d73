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
        super(
                inChannels,
                outChannels,
                dev.striate.op.ConvTranspose2d.weightShape(inChannels, outChannels, kernelHeight, kernelWidth, options),
                options);
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
        return dev.striate.op.ConvTranspose2d.outputShape(x, weightShape, options);
    }

    @Override
    ReceptiveField receptiveFieldNchw(Shape x, ReceptiveField seen) {
        return seen.throughTransposed(dev.striate.op.ConvTranspose2d.geometry(x, weightShape, options));
    }

    /** Each input is multiplied with all weights of a filter. Products that fall outside the output count too. */
    @Override
    protected long multiplyAdds(Shape input, Shape output) {
        return (long) input.elements() * (weightShape.elements() / weightShape.size(0));
    }
}
