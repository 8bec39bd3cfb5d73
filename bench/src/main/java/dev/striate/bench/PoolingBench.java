package dev.striate.bench;

import dev.striate.Tensor;
import org.openjdk.jmh.annotations.Benchmark;

/** Pooling by 2x2, forward and with gradient, and over whole images: 32 images of 16 channels of 28x28 pixels. */
public class PoolingBench extends DeviceBench {

    private Tensor x;
    private Tensor leaf;

    @Override
    void prepare() {
        x = randn(32, 16, 28, 28);
        leaf = randn(32, 16, 28, 28).requiresGrad(true);
    }

    @Benchmark
    public void max() {
        measure(() -> x.maxPool2d(2));
    }

    @Benchmark
    public void maxWithGradient() {
        measure(() -> backward(leaf.maxPool2d(2), leaf));
    }

    @Benchmark
    public void averageWithGradient() {
        measure(() -> backward(leaf.avgPool2d(2), leaf));
    }

    @Benchmark
    public void globalAverage() {
        measure(() -> x.globalAvgPool2d());
    }
}
