package dev.striate.bench;

import dev.striate.IntTensor;
import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.bench.common.Cost;
import dev.striate.bench.common.Net;
import dev.striate.data.Batch;
import dev.striate.data.DataLoader;
import dev.striate.data.TinyDigits;
import dev.striate.nn.Sequential;
import dev.striate.optim.Adam;
import org.openjdk.jmh.annotations.Benchmark;

/** One training step of the digits CNN on 32 images: transfer, forward, backward, Adam. */
public class DigitsStepBench extends DeviceBench {

    private static final int BATCH = 32;

    private Sequential model;
    private Adam optimizer;
    private float[] images;
    private int[] labels;

    @Override
    void prepare() {
        model = Net.DIGITS.model().initialize(opened, random());
        optimizer = new Adam(model.parameters(), 0.001f);
        Batch batch =
                DataLoader.of(TinyDigits.train(), BATCH).shuffle(1).iterator().next();
        images = batch.images();
        labels = batch.labels();
    }

    @Override
    Cost cost(String benchmark) {
        return Net.DIGITS.trainingCost(BATCH);
    }

    @Benchmark
    public void step() {
        measure(() -> {
            optimizer.zeroGrad();
            Tensor x = Tensor.of(opened, Shape.of(BATCH, 1, 8, 8), images);
            model.forward(x).crossEntropy(IntTensor.of(opened, labels)).backward();
            optimizer.step();
        });
    }
}
