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
import dev.striate.optim.Optimizer;
import dev.striate.optim.Sgd;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** One training step on random images that lie ready, net and batch: forward, backward, update, reading the loss. */
public class NetStepBench extends DeviceBench {

    @Param({"digits:32", "lenet:64", "lenet:128", "cifar:128"})
    public String net;

    private Sequential model;
    private Optimizer optimizer;
    private Tensor images;
    private IntTensor labels;

    private String name() {
        return net.substring(0, net.indexOf(':'));
    }

    private int batch() {
        return Integer.parseInt(net.substring(net.indexOf(':') + 1));
    }

    @Override
    void prepare() {
        switch (name()) {
            case "digits" -> {
                model = digits();
                images = randn(batch(), 1, 8, 8);
            }
            case "lenet" -> {
                model = lenet();
                images = randn(batch(), 1, 28, 28);
            }
            default -> {
                model = cifar();
                images = randn(batch(), 3, 32, 32);
            }
        }
        model.initialize(opened, random());
        labels = labels(batch(), 10);
        optimizer = name().equals("digits") ? new Sgd(model.parameters(), 0.05f) : new Adam(model.parameters(), 0.001f);
    }

    @Override
    Cost cost(String benchmark) {
        return Cost.ofFlops(trainingFlops(name(), batch()));
    }

    /**
     * Of convolutions and linear layers: three products each, but for the gradient of the images, which nobody needs.
     */
    static double trainingFlops(String net, int batch) {
        return batch
                * switch (net) {
                    case "digits" -> 2 * conv(8, 1, 8, 3) + 3 * (conv(4, 8, 16, 3) + 2.0 * 64 * 10);
                    case "lenet" ->
                        2 * conv(28, 1, 6, 5) + 3 * (conv(10, 6, 16, 5) + 2.0 * (400 * 120 + 120 * 84 + 84 * 10));
                    case "cifar" -> 2 * conv(30, 3, 32, 3) + 3 * (conv(13, 32, 64, 3) + 2.0 * (2304 * 256 + 256 * 10));
                    default -> throw new IllegalArgumentException("there is no net \"" + net + "\"");
                };
    }

    private static double conv(int outSide, int in, int out, int kernel) {
        return 2.0 * outSide * outSide * in * out * kernel * kernel;
    }

    private static Sequential digits() {
        return new Sequential(
                new Conv2d(1, 8, 3, padding(1)),
                new Relu(),
                new MaxPool2d(2),
                new Conv2d(8, 16, 3, padding(1)),
                new Relu(),
                new MaxPool2d(2),
                new Flatten(),
                new Linear(64, 10));
    }

    private static Sequential lenet() {
        return new Sequential(
                new Conv2d(1, 6, 5, padding(2)),
                new Relu(),
                new MaxPool2d(2),
                new Conv2d(6, 16, 5),
                new Relu(),
                new MaxPool2d(2),
                new Flatten(),
                new Linear(400, 120),
                new Relu(),
                new Linear(120, 84),
                new Relu(),
                new Linear(84, 10));
    }

    private static Sequential cifar() {
        return new Sequential(
                new Conv2d(3, 32, 3),
                new BatchNorm2d(32),
                new Relu(),
                new MaxPool2d(2),
                new Conv2d(32, 64, 3),
                new BatchNorm2d(64),
                new Relu(),
                new MaxPool2d(2),
                new Flatten(),
                new Linear(2304, 256),
                new Relu(),
                new Linear(256, 10));
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
