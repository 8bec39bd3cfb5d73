package dev.striate.bench;

import dev.striate.Tensor;
import org.openjdk.jmh.annotations.Benchmark;

/** Matrix products, square and as in a linear layer. */
public class MatmulBench extends DeviceBench {

    private Tensor a;
    private Tensor b;
    private Tensor x;
    private Tensor weight;
    private Tensor bias;

    @Override
    void prepare() {
        a = randn(256, 256);
        b = randn(256, 256);
        x = randn(64, 400).requiresGrad(true);
        weight = randn(120, 400).requiresGrad(true);
        bias = randn(120).requiresGrad(true);
    }

    @Benchmark
    public void square256() {
        measure(() -> a.matmul(b));
    }

    @Benchmark
    public void linearWithGradients() {
        measure(() -> backward(x.linear(weight, bias), x, weight, bias));
    }
}
