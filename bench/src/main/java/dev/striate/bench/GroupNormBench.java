package dev.striate.bench;

import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.bench.common.Cost;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Normalisation by groups of channels, and over the last axis. */
public class GroupNormBench extends DeviceBench {

    @Param({"32x16x28x28", "128x32x30x30"})
    public String images;

    private Tensor x;
    private Tensor weight;
    private Tensor bias;
    private Tensor lastWeight;
    private Tensor lastBias;

    @Override
    void prepare() {
        int[] sizes = sizes(images);
        x = randn(sizes).requiresGrad(true);
        weight = randn(sizes[1]).requiresGrad(true);
        bias = randn(sizes[1]).requiresGrad(true);
        lastWeight = randn(sizes[3]).requiresGrad(true);
        lastBias = randn(sizes[3]).requiresGrad(true);
    }

    @Override
    Cost cost(String benchmark) {
        // Forward reads x and writes y, backward reads x and dy and writes dx.
        return Cost.ofElements(5 * elements(images));
    }

    @Benchmark
    public void groupsWithGradients() {
        measure(() -> backward(x.groupNorm(4, weight, bias, 1e-5f), x, weight, bias));
    }

    @Benchmark
    public void lastAxisWithGradients() {
        measure(() -> backward(x.layerNorm(Shape.of(x.size(3)), lastWeight, lastBias, 1e-5f), x, lastWeight, lastBias));
    }
}
