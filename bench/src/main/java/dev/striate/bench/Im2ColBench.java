package dev.striate.bench;

import static dev.striate.WindowOption.padding;

import dev.striate.Tensor;
import dev.striate.bench.common.Cost;
import org.openjdk.jmh.annotations.Benchmark;

/** Patches of 3x3 as columns and back: 32 images of 16 channels of 14x14 pixels. */
public class Im2ColBench extends DeviceBench {

    private Tensor x;
    private Tensor columns;

    @Override
    void prepare() {
        x = randn(32, 16, 14, 14);
        columns = x.im2col(3, 3, padding(1));
    }

    @Override
    Cost cost(String benchmark) {
        return Cost.ofElements(10 * 32.0 * 16 * 14 * 14);
    }

    @Benchmark
    public void im2col() {
        measure(() -> x.im2col(3, 3, padding(1)));
    }

    @Benchmark
    public void col2im() {
        measure(() -> columns.col2im(14, 14, 3, 3, padding(1)));
    }
}
