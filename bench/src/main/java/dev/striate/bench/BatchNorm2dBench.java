package dev.striate.bench;

import dev.striate.Tensor;
import dev.striate.nn.BatchNorm2d;
import org.openjdk.jmh.annotations.Benchmark;

/** Batch normalisation of 32 images of 16 channels of 28x28 pixels. */
public class BatchNorm2dBench extends DeviceBench {

    private BatchNorm2d layer;
    private Tensor x;

    @Override
    void prepare() {
        layer = new BatchNorm2d(16);
        layer.initialize(opened, random());
        x = randn(32, 16, 28, 28).requiresGrad(true);
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
