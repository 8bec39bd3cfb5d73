package dev.striate.bench;

import dev.striate.IntTensor;
import dev.striate.Tensor;
import org.openjdk.jmh.annotations.Benchmark;

/** The end of a classifier: 128 images, 10 and 1,000 classes. */
public class ClassificationBench extends DeviceBench {

    private Tensor logits;
    private Tensor wide;
    private IntTensor labels;

    @Override
    void prepare() {
        logits = randn(128, 10).requiresGrad(true);
        wide = randn(128, 1000);
        labels = labels(128, 10);
    }

    @Benchmark
    public void softmax1000() {
        measure(() -> wide.softmax(1));
    }

    @Benchmark
    public void crossEntropyWithGradient() {
        measure(() -> backward(logits.crossEntropy(labels), logits));
    }
}
