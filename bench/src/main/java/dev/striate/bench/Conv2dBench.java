package dev.striate.bench;

import static dev.striate.op.WindowOption.groups;
import static dev.striate.op.WindowOption.padding;

import dev.striate.Tensor;
import org.openjdk.jmh.annotations.Benchmark;

/** Convolutions: 5x5 from 1 channel and 3x3 from 16 to 32, forward and with all three gradients, and a depthwise one. */
public class Conv2dBench extends DeviceBench {

    private Tensor image;
    private Tensor weight5;
    private Tensor x;
    private Tensor weight3;
    private Tensor bias;
    private Tensor depthwise;
    private Tensor leafX;
    private Tensor leafWeight;
    private Tensor leafBias;

    @Override
    void prepare() {
        image = randn(64, 1, 28, 28);
        weight5 = randn(6, 1, 5, 5);
        x = randn(32, 16, 14, 14);
        weight3 = randn(32, 16, 3, 3);
        bias = randn(32);
        depthwise = randn(16, 1, 3, 3);
        leafX = x.detach().requiresGrad(true);
        leafWeight = weight3.detach().requiresGrad(true);
        leafBias = bias.detach().requiresGrad(true);
    }

    @Benchmark
    public void first5x5() {
        measure(() -> image.conv2d(weight5, null, padding(2)));
    }

    @Benchmark
    public void middle3x3() {
        measure(() -> x.conv2d(weight3, bias, padding(1)));
    }

    @Benchmark
    public void middle3x3WithGradients() {
        measure(() -> backward(leafX.conv2d(leafWeight, leafBias, padding(1)), leafX, leafWeight, leafBias));
    }

    @Benchmark
    public void depthwise3x3() {
        measure(() -> x.conv2d(depthwise, null, padding(1), groups(16)));
    }
}
