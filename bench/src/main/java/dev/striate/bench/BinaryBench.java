package dev.striate.bench;

import dev.striate.Tensor;
import dev.striate.bench.common.Cost;
import org.openjdk.jmh.annotations.Benchmark;

/** Functions of two elements, with and without broadcasting: 32 images of 16 channels of 28x28 pixels. */
public class BinaryBench extends DeviceBench {

    private Tensor x;
    private Tensor y;
    private Tensor perChannel;

    @Override
    void prepare() {
        x = randn(32, 16, 28, 28);
        y = randn(32, 16, 28, 28);
        perChannel = randn(16, 1, 1);
    }

    @Override
    Cost cost(String benchmark) {
        return Cost.ofElements((benchmark.equals("add") ? 3 : 2) * 32.0 * 16 * 28 * 28);
    }

    @Benchmark
    public void add() {
        measure(() -> x.add(y));
    }

    @Benchmark
    public void mulPerChannel() {
        measure(() -> x.mul(perChannel));
    }
}
