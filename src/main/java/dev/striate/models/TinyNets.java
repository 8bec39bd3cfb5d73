package dev.striate.models;

import static dev.striate.WindowOption.padding;

import dev.striate.nn.Conv2d;
import dev.striate.nn.Flatten;
import dev.striate.nn.Linear;
import dev.striate.nn.MaxPool2d;
import dev.striate.nn.Relu;
import dev.striate.nn.Sequential;

/**
 * Two small networks for greyscale images of 8x8 pixels. They map {@code (N, 1, 8, 8)} to logits {@code (N, classes)}.
 */
public final class TinyNets {

    private TinyNets() {}

    /** Builds a perceptron with one hidden layer: 64-32-classes, with ReLU. */
    public static Sequential mlp(int classes) {
        return Sequential.builder()
                .add("flatten", new Flatten())
                .add("fc1", new Linear(64, 32))
                .add("relu1", new Relu())
                .add("fc2", new Linear(32, classes))
                .build();
    }

    /**
     * Builds two 3x3 convolutions with padding 1, each followed by ReLU and max pooling, and a linear layer: 8x8x8,
     * 8x4x4, 16x4x4, 16x2x2, classes.
     */
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
