package dev.striate.nn;

import dev.striate.Shape;
import dev.striate.Tensor;
import java.util.function.UnaryOperator;

/**
 * A layer whose input and output are images, in either {@link Layout}.
 *
 * @param <L> the layer's own type
 */
public abstract sealed class ImageLayer<L extends ImageLayer<L>> extends Block
        permits Convolution,
                MaxPool2d,
                AvgPool2d,
                AdaptiveAvgPool2d,
                GlobalAvgPool2d,
                GlobalMaxPool2d,
                BatchNorm2d,
                ChannelNorm,
                LocalResponseNorm,
                Upsample,
                PixelShuffle,
                ImagePadding {

    private Layout layout = Layout.NCHW;

    ImageLayer() {}

    /**
     * Sets the layout of input and output; {@link Layout#NCHW} by default. The parameters do not depend on it.
     *
     * @return this layer
     */
    public final L layout(Layout wanted) {
        layout = wanted;
        return self();
    }

    final boolean hasLayout(Layout wanted) {
        return layout == wanted;
    }

    @Override
    protected final Tensor compute(Tensor x) {
        return inLayout(x, this::forwardNchw);
    }

    @Override
    final Tensor computeRelu(Tensor x) {
        return inLayout(x, this::forwardReluNchw);
    }

    private Tensor inLayout(Tensor x, UnaryOperator<Tensor> layer) {
        if (layout == Layout.NCHW) {
            return layer.apply(x);
        }
        layout.requireImages(toString(), x.shape());
        try (Tensor planes = x.toNchw();
                Tensor y = layer.apply(planes)) {
            return y.toNhwc();
        }
    }

    @Override
    protected final Shape shapeRule(Shape input) {
        return layout == Layout.NCHW
                ? shapeRuleNchw(input)
                : layout.fromNchw(shapeRuleNchw(layout.toNchw(toString(), input)));
    }

    @Override
    protected final ReceptiveField receptiveField(Shape input, ReceptiveField seen) {
        return receptiveFieldNchw(layout == Layout.NCHW ? input : layout.toNchw(toString(), input), seen);
    }

    @Override
    final void takeSizes(Shape input) {
        takeSizesNchw(layout == Layout.NCHW ? input : layout.toNchw(toString(), input));
    }

    @Override
    public BlockConfig config() {
        BlockConfig config = BlockConfig.of(this);
        return layout == Layout.NCHW ? config : config.with("layout", layout.name());
    }

    abstract L self();

    /** Takes the sizes of a lazy layer from the shape {@code (N, C, ...)} of an input. */
    void takeSizesNchw(Shape x) {}

    abstract Tensor forwardNchw(Tensor x);

    /** {@link #forwardNchw} followed by ReLU. */
    Tensor forwardReluNchw(Tensor x) {
        try (Tensor y = forwardNchw(x)) {
            return y.relu();
        }
    }

    abstract Shape shapeRuleNchw(Shape x);

    abstract ReceptiveField receptiveFieldNchw(Shape x, ReceptiveField seen);
}
