package dev.striate.bench;

import dev.striate.Tensor;
import dev.striate.bench.common.Cost;
import org.openjdk.jmh.annotations.Benchmark;

/** Copies that reorder: 32 images of 16 channels of 28x28 pixels. */
public class CopyBench extends DeviceBench {

    private Tensor x;

    @Override
    void prepare() {
        x = randn(32, 16, 28, 28);
    }

    @Override
    Cost cost(String benchmark) {
        return Cost.ofElements((benchmark.equals("toNhwc") ? 2 : 1) * 32.0 * 16 * 28 * 28);
    }

    @Benchmark
    public void toNhwc() {
        measure(() -> x.toNhwc());
    }

    @Benchmark
    public void sliceChannels() {
        measure(() -> x.slice(1, 4, 12));
    }
}
