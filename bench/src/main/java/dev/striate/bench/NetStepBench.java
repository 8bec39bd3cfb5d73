package dev.striate.bench;

import static dev.striate.op.WindowOption.padding;

import dev.striate.IntTensor;
import dev.striate.Tensor;
import dev.striate.nn.BatchNorm2d;
import dev.striate.nn.Conv2d;
import dev.striate.nn.Flatten;
import dev.striate.nn.Linear;
import dev.striate.nn.MaxPool2d;
import dev.striate.nn.Relu;
import dev.striate.nn.Sequential;
import dev.striate.optim.Adam;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** One training step on 128 random images that lie ready: forward, backward, Adam, reading the loss. */
public class NetStepBench extends DeviceBench {

    private static final int BATCH = 128;

    @Param({"lenet", "cifar"})
    public String net;

    private Sequential model;
    private Adam optimizer;
    private Tensor images;
    private IntTensor labels;

    @Override
    void prepare() {
        model = (net.equals("lenet") ? lenet() : cifar()).initialize(opened, random());
        images = net.equals("lenet") ? randn(BATCH, 1, 28, 28) : randn(BATCH, 3, 32, 32);
        labels = labels(BATCH, 10);
        optimizer = new Adam(model.parameters(), 0.001f);
    }

    private static Sequential lenet() {
        return new Sequential(
                new Conv2d(1, 6, 5, padding(2)), new Relu(), new MaxPool2d(2),
                new Conv2d(6, 16, 5), new Relu(), new MaxPool2d(2),
                new Flatten(), new Linear(400, 120), new Relu(), new Linear(120, 84), new Relu(), new Linear(84, 10));
    }

    private static Sequential cifar() {
        return new Sequential(
                new Conv2d(3, 32, 3), new BatchNorm2d(32), new Relu(), new MaxPool2d(2),
                new Conv2d(32, 64, 3), new BatchNorm2d(64), new Relu(), new MaxPool2d(2),
                new Flatten(), new Linear(2304, 256), new Relu(), new Linear(256, 10));
    }

    @Benchmark
    public void step() {
        measure(() -> {
            optimizer.zeroGrad();
            Tensor loss = model.forward(images).crossEntropy(labels);
            loss.backward();
            optimizer.step();
            loss.item();
        });
    }
}
