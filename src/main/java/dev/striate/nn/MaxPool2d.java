package dev.striate.nn;

import dev.striate.MaxPool2dResult;
import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.WindowOption;
import dev.striate.op.NormPool;
import java.util.List;

/** The maximum of each window. Options: stride (by default the window), padding, dilation, ceil mode. */
public final class MaxPool2d extends ImageLayer<MaxPool2d> {

    private final int kernelHeight;
    private final int kernelWidth;
    private final WindowOption[] options;

    /**
     * Creates a layer with square windows.
     *
     * @throws dev.striate.ShapeException if sizes or options do not fit each other
     */
    public MaxPool2d(int kernel, WindowOption... options) {
        this(kernel, kernel, options);
    }

    /** @throws dev.striate.ShapeException if sizes or options do not fit each other */
    public MaxPool2d(int kernelHeight, int kernelWidth, WindowOption... options) {
        dev.striate.op.MaxPool2d.check(kernelHeight, kernelWidth, options);
        this.kernelHeight = kernelHeight;
        this.kernelWidth = kernelWidth;
        this.options = options.clone();
    }

    /**
     * Returns whether every window is sure to contain a pixel. A dilated window may contain only padding; its maximum
     * is minus infinity.
     */
    boolean everyWindowHoldsAPixel() {
        return dev.striate.op.MaxPool2d.windowsHaveNoGaps(options);
    }

    @Override
    MaxPool2d self() {
        return this;
    }

    @Override
    Tensor forwardNchw(Tensor x) {
        return x.maxPool2d(kernelHeight, kernelWidth, options);
    }

    @Override
    Tensor forwardReluNchw(Tensor x) {
        MaxPool2dResult result = dev.striate.op.MaxPool2d.withRelu(x, kernelHeight, kernelWidth, options);
        result.indices().close();
        return result.output();
    }

    /** {@code forward(norm.forward(x))}, optionally followed by ReLU, in one kernel if the device has one. */
    Tensor forwardOfNorm(BatchNorm2d norm, Tensor x, boolean relu) {
        if (hasLayout(Layout.NCHW) && norm.hasLayout(Layout.NCHW) && NormPool.runsOn(x.device())) {
            return norm.forwardPooled(x, relu, kernelHeight, kernelWidth, options);
        }
        try (Tensor normalised = norm.forward(x)) {
            return relu ? forwardRelu(normalised) : forward(normalised);
        }
    }

    @Override
    Shape shapeRuleNchw(Shape x) {
        return dev.striate.op.MaxPool2d.outputShape(x, kernelHeight, kernelWidth, options);
    }

    @Override
    ReceptiveField receptiveFieldNchw(Shape x, ReceptiveField seen) {
        return seen.through(dev.striate.op.MaxPool2d.geometry(x, kernelHeight, kernelWidth, options));
    }

    @Override
    public BlockConfig config() {
        return super.config().with("kernel", List.of(kernelHeight, kernelWidth)).with(options);
    }

    @Override
    public String toString() {
        return "MaxPool2d(" + kernelHeight + "x" + kernelWidth + ")";
    }
}
