package dev.striate.bench;

import dev.striate.Tensor;
import dev.striate.bench.common.Cost;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Pooling by 2x2, forward and with gradient, and over whole images. */
public class PoolingBench extends DeviceBench {

    @Param({"64x6x28x28", "128x32x30x30"})
    public String images;

    private Tensor x;

    @Override
    void prepare() {
        x = randn(sizes(images)).requiresGrad(true);
    }

    @Override
    Cost cost(String benchmark) {
        double n = elements(images);
        return Cost.ofElements(
                switch (benchmark) {
                    // The maxima and their places.
                    case "max" -> 1.5 * n;
                    // Besides, a quarter of gradients with their places, and all of the input's.
                    case "maxWithGradient" -> 3 * n;
                    case "averageWithGradient" -> 2.5 * n;
                    default -> n;
                });
    }

    @Benchmark
    public void max() {
        measure(() -> x.maxPool2d(2));
    }

    @Benchmark
    public void maxWithGradient() {
        measure(() -> backward(x.maxPool2d(2), x));
    }

    @Benchmark
    public void averageWithGradient() {
        measure(() -> backward(x.avgPool2d(2), x));
    }

    @Benchmark
    public void globalAverage() {
        measure(() -> x.globalAvgPool2d());
    }
}
