package dev.striate.models;

import static dev.striate.op.WindowOption.padding;

import dev.striate.nn.Conv2d;
import dev.striate.nn.Flatten;
import dev.striate.nn.Linear;
import dev.striate.nn.MaxPool2d;
import dev.striate.nn.Relu;
import dev.striate.nn.Sequential;

/** Two networks for grey images of 8x8 pixels, {@code (N, 1, 8, 8)} to logits {@code (N, classes)}, to be compared. */
public final class TinyNets {

    private TinyNets() {}

    /** A perceptron with one hidden layer: 64-32-classes. */
    public static Sequential mlp(int classes) {
        return Sequential.builder()
                .add("flatten", new Flatten())
                .add("fc1", new Linear(64, 32))
                .add("relu1", new Relu())
                .add("fc2", new Linear(32, classes))
                .build();
    }

    /** Two convolutions of 3x3 with padding 1, each followed by ReLU and pooling: 8x8x8, 8x4x4, 16x4x4, 16x2x2, classes. */
    public static Sequential cnn(int classes) {
        return Sequential.builder()
                .add("conv1", new Conv2d(1, 8, 3, padding(1)))
                .add("relu1", new Relu())
                .add("pool1", new MaxPool2d(2))
                .add("conv2", new Conv2d(8, 16, 3, padding(1)))
                .add("relu2", new Relu())
                .add("pool2", new MaxPool2d(2))
                .add("flatten", new Flatten())
                .add("fc", new Linear(64, classes))
                .build();
    }
}
