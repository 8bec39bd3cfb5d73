package dev.striate.models;

import dev.striate.nn.BatchNorm2d;
import dev.striate.nn.Conv2d;
import dev.striate.nn.Flatten;
import dev.striate.nn.Linear;
import dev.striate.nn.MaxPool2d;
import dev.striate.nn.Relu;
import dev.striate.nn.Sequential;

/**
 * A simple network for small colour images: two 3x3 convolutions without padding, each with batch normalisation, ReLU
 * and max pooling, then two linear layers. It maps {@code (N, 3, 32, 32)} to logits {@code (N, classes)}.
 */
public final class CifarCnn {

    private CifarCnn() {}

    /**
     * Builds the network. Its activations have the sizes 3x32x32, 32x30x30, pooled to 32x15x15, 64x13x13, pooled to
     * 64x6x6, then 2304-256-classes.
     */
    public static Sequential create(int classes) {
        return Sequential.builder()
                .add("conv1", new Conv2d(3, 32, 3))
                .add("bn1", new BatchNorm2d(32))
                .add("relu1", new Relu())
                .add("pool1", new MaxPool2d(2))
                .add("conv2", new Conv2d(32, 64, 3))
                .add("bn2", new BatchNorm2d(64))
                .add("relu2", new Relu())
                .add("pool2", new MaxPool2d(2))
                .add("flatten", new Flatten())
                .add("fc1", new Linear(2304, 256))
                .add("relu3", new Relu())
                .add("fc2", new Linear(256, classes))
                .build();
    }
}
