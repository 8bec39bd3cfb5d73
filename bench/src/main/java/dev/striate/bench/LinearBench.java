package dev.striate.bench;

import dev.striate.Tensor;
import dev.striate.bench.common.Cost;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Fully connected layers, batch x inputs x outputs: LeNet's first and the CIFAR net's first. */
public class LinearBench extends DeviceBench {

    @Param({"64x400x120", "128x2304x256"})
    public String layer;

    private Tensor x;
    private Tensor weight;
    private Tensor bias;

    @Override
    void prepare() {
        int[] s = sizes(layer);
        x = randn(s[0], s[1]).requiresGrad(true);
        weight = randn(s[2], s[1]).requiresGrad(true);
        bias = randn(s[2]).requiresGrad(true);
    }

    @Override
    Cost cost(String benchmark) {
        return Cost.ofFlops((benchmark.equals("forward") ? 2 : 6) * elements(layer));
    }

    @Benchmark
    public void forward() {
        measure(() -> x.linear(weight, bias));
    }

    @Benchmark
    public void withGradients() {
        measure(() -> backward(x.linear(weight, bias), x, weight, bias));
    }
}
