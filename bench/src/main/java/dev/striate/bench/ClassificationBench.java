package dev.striate.bench;

import dev.striate.IntTensor;
import dev.striate.Tensor;
import dev.striate.bench.common.Cost;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** The end of a classifier for 128 images. */
public class ClassificationBench extends DeviceBench {

    private static final int BATCH = 128;

    @Param({"10", "1000"})
    public int classes;

    private Tensor logits;
    private IntTensor labels;

    @Override
    void prepare() {
        logits = randn(BATCH, classes).requiresGrad(true);
        labels = labels(BATCH, classes);
    }

    @Override
    Cost cost(String benchmark) {
        return Cost.ofElements((benchmark.equals("softmax") ? 2.0 : 3.0) * BATCH * classes);
    }

    @Benchmark
    public void softmax() {
        measure(() -> logits.softmax(1));
    }

    @Benchmark
    public void crossEntropyWithGradient() {
        measure(() -> backward(logits.crossEntropy(labels), logits));
    }
}
