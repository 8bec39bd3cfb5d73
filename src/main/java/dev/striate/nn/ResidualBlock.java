package dev.striate.nn;

import static dev.striate.WindowOption.padding;
import static dev.striate.WindowOption.stride;

import dev.striate.Shape;
import dev.striate.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The basic block of a ResNet (He et al., 2016): two 3x3 convolutions without bias, each with batch normalisation, plus
 * the input. If the stride or the number of channels changes, the input passes a 1x1 convolution with batch
 * normalisation. Names of parts are those of torchvision: conv1, bn1, conv2, bn2, downsample.0, downsample.1.
 */
public final class ResidualBlock extends Block {

    private final List<Block> body;
    private final Chain chain;
    private final @Nullable Block downsample;
    private final int inChannels;
    private final int outChannels;
    private final int stride;

    /** Creates a block that maps {@code (N, in, H, W)} to {@code (N, out, ceil(H/stride), ceil(W/stride))}. */
    public ResidualBlock(int inChannels, int outChannels, int stride) {
        this.inChannels = inChannels;
        this.outChannels = outChannels;
        this.stride = stride;
        body = List.of(
                addChild("conv1", new Conv2d(inChannels, outChannels, 3, stride(stride), padding(1)).bias(false)),
                addChild("bn1", new BatchNorm2d(outChannels)),
                addChild("relu", new Relu()),
                addChild("conv2", new Conv2d(outChannels, outChannels, 3, padding(1)).bias(false)),
                addChild("bn2", new BatchNorm2d(outChannels)));
        chain = new Chain(body);
        downsample = stride == 1 && inChannels == outChannels
                ? null
                : addChild(
                        "downsample",
                        new Sequential(
                                new Conv2d(inChannels, outChannels, 1, stride(stride)).bias(false),
                                new BatchNorm2d(outChannels)));
    }

    @Override
    protected Tensor compute(Tensor x) {
        return Residual.join(x, chain.forward(x, isObserved()), downsample == null ? x : downsample.forward(x));
    }

    @Override
    protected Shape shapeRule(Shape input) {
        List<Shape> shapes = sideBySide(
                () -> Sequential.shapeRule(input, body),
                () -> downsample == null ? input : downsample.outputShape(input));
        return Residual.joinShapes(this, shapes.get(0), shapes.get(1));
    }

    @Override
    public BlockConfig config() {
        return BlockConfig.of(this)
                .with("in", inChannels)
                .with("out", outChannels)
                .with("stride", stride);
    }
}
