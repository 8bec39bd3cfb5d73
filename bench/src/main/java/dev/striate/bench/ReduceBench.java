package dev.striate.bench;

import dev.striate.Tensor;
import dev.striate.bench.common.Cost;
import org.openjdk.jmh.annotations.Benchmark;

/** Sums and maxima: over all of 32 images of 16 channels of 28x28 pixels, and per channel. */
public class ReduceBench extends DeviceBench {

    private Tensor x;

    @Override
    void prepare() {
        x = randn(32, 16, 28, 28);
    }

    @Override
    Cost cost(String benchmark) {
        return Cost.ofElements(32.0 * 16 * 28 * 28);
    }

    @Benchmark
    public void sum() {
        measure(() -> x.sum());
    }

    @Benchmark
    public void sumPerChannel() {
        measure(() -> x.sum(0, 2, 3));
    }

    @Benchmark
    public void maxPerPixel() {
        measure(() -> x.max(1));
    }
}
