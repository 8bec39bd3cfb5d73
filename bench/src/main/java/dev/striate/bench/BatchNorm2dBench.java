package dev.striate.bench;

import dev.striate.Tensor;
import dev.striate.bench.common.Cost;
import dev.striate.nn.BatchNorm2d;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** Batch normalisation. */
public class BatchNorm2dBench extends DeviceBench {

    @Param({"32x16x28x28", "128x32x30x30"})
    public String images;

    private BatchNorm2d layer;
    private Tensor x;

    @Override
    void prepare() {
        layer = new BatchNorm2d(sizes(images)[1]);
        layer.initialize(opened, random());
        x = randn(sizes(images)).requiresGrad(true);
    }

    @Override
    Cost cost(String benchmark) {
        // Forward reads x and writes y, backward reads x and dy and writes dx.
        return Cost.ofElements((benchmark.equals("evaluation") ? 2 : 5) * elements(images));
    }

    @Benchmark
    public void trainingWithGradients() {
        measure(() -> {
            layer.train();
            backward(layer.forward(x), x);
            layer.parameters().values().forEach(Tensor::zeroGrad);
        });
    }

    @Benchmark
    public void evaluation() {
        measure(() -> {
            layer.eval();
            layer.forward(x);
        });
    }
}
