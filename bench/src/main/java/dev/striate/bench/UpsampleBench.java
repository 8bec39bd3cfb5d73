package dev.striate.bench;

import dev.striate.Interpolation;
import dev.striate.Tensor;
import dev.striate.bench.common.Cost;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Resizing of images to twice their height and width. */
public class UpsampleBench extends DeviceBench {

    @Param({"16x64x28x28", "4x32x112x112"})
    public String images;

    private Tensor x;

    @Override
    void prepare() {
        x = randn(sizes(images)).requiresGrad(true);
    }

    @Override
    Cost cost(String benchmark) {
        // Each direction has the small image on one side and the large one, four times as many elements, on the other.
        return Cost.ofElements((benchmark.endsWith("WithGradient") ? 10 : 5) * elements(images));
    }

    @Benchmark
    public void nearest() {
        measure(() -> x.upsampleBy(2, Interpolation.NEAREST));
    }

    @Benchmark
    public void bilinear() {
        measure(() -> x.upsampleBy(2, Interpolation.BILINEAR));
    }

    @Benchmark
    public void bilinearWithGradient() {
        measure(() -> backward(x.upsampleBy(2, Interpolation.BILINEAR), x));
    }
}
