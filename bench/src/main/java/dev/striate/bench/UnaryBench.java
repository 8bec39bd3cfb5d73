package dev.striate.bench;

import dev.striate.Tensor;
import org.openjdk.jmh.annotations.Benchmark;

/** Functions of one element, on the activations of a layer: 32 images of 16 channels of 28x28 pixels. */
public class UnaryBench extends DeviceBench {

    private Tensor x;

    @Override
    void prepare() {
        x = randn(32, 16, 28, 28);
    }

    @Benchmark
    public void relu() {
        measure(() -> x.relu());
    }

    @Benchmark
    public void gelu() {
        measure(() -> x.gelu());
    }

    @Benchmark
    public void exp() {
        measure(() -> x.exp());
    }
}
