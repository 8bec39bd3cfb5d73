package dev.striate.nn;

import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.WindowOption;
import java.util.List;

/**
 * The mean of each window. Options: stride (by default the window), padding, dilation, ceil mode, whether padding
 * counts.
 */
public final class AvgPool2d extends ImageLayer<AvgPool2d> {

    private final int kernelHeight;
    private final int kernelWidth;
    private final WindowOption[] options;

    /**
     * Creates a layer with square windows.
     *
     * @throws dev.striate.ShapeException if sizes or options do not fit each other
     */
    public AvgPool2d(int kernel, WindowOption... options) {
        this(kernel, kernel, options);
    }

    /** @throws dev.striate.ShapeException if sizes or options do not fit each other */
    public AvgPool2d(int kernelHeight, int kernelWidth, WindowOption... options) {
        dev.striate.op.AvgPool2d.check(kernelHeight, kernelWidth, options);
        this.kernelHeight = kernelHeight;
        this.kernelWidth = kernelWidth;
        this.options = options.clone();
    }

    @Override
    AvgPool2d self() {
        return this;
    }

    @Override
    Tensor forwardNchw(Tensor x) {
        return x.avgPool2d(kernelHeight, kernelWidth, options);
    }

    @Override
    Shape shapeRuleNchw(Shape x) {
        return dev.striate.op.AvgPool2d.outputShape(x, kernelHeight, kernelWidth, options);
    }

    @Override
    ReceptiveField receptiveFieldNchw(Shape x, ReceptiveField seen) {
        return seen.through(dev.striate.op.AvgPool2d.geometry(x, kernelHeight, kernelWidth, options));
    }

    @Override
    public BlockConfig config() {
        return super.config().with("kernel", List.of(kernelHeight, kernelWidth)).with(options);
    }

    @Override
    public String toString() {
        return "AvgPool2d(" + kernelHeight + "x" + kernelWidth + ")";
    }
}
