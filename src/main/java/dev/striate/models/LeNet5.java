package dev.striate.models;

import dev.striate.nn.AvgPool2d;
import dev.striate.nn.Conv2d;
import dev.striate.nn.Flatten;
import dev.striate.nn.Initializer;
import dev.striate.nn.Linear;
import dev.striate.nn.MaxPool2d;
import dev.striate.nn.Relu;
import dev.striate.nn.Sequential;
import dev.striate.nn.Tanh;

/**
 * LeNet-5 (LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", 1998) for
 * greyscale images of 32x32 pixels. It maps {@code (N, 1, 32, 32)} to logits {@code (N, classes)}. Both variants have
 * 61,706 parameters for ten classes.
 */
public final class LeNet5 {

    private LeNet5() {}

    /**
     * Builds the usual modern variant: two 5x5 convolutions to 6 and 16 channels, each with ReLU and max pooling, then
     * linear layers 400-120-84-classes with ReLU.
     */
    public static Sequential modern(int classes) {
        return Sequential.builder()
                .add("conv1", new Conv2d(1, 6, 5))
                .add("relu1", new Relu())
                .add("pool1", new MaxPool2d(2))
                .add("conv2", new Conv2d(6, 16, 5))
                .add("relu2", new Relu())
                .add("pool2", new MaxPool2d(2))
                .add("flatten", new Flatten())
                .add("fc1", new Linear(400, 120))
                .add("relu3", new Relu())
                .add("fc2", new Linear(120, 84))
                .add("relu4", new Relu())
                .add("fc3", new Linear(84, classes))
                .build();
    }

    /**
     * Builds the network of the paper: tanh, average pooling, and C5 as a 5x5 convolution to 120 channels of one pixel
     * each. As in most implementations, three details are omitted: the connection table of C3 (here each of its maps is
     * connected to all six input maps), the trainable factor and bias of each pooled map, and the radial basis
     * functions of the output.
     */
    public static Sequential paper(int classes) {
        return Sequential.builder()
                .add("c1", new Conv2d(1, 6, 5).initializer(Initializer.GLOROT_UNIFORM))
                .add("tanh1", new Tanh())
                .add("s2", new AvgPool2d(2))
                .add("c3", new Conv2d(6, 16, 5).initializer(Initializer.GLOROT_UNIFORM))
                .add("tanh3", new Tanh())
                .add("s4", new AvgPool2d(2))
                .add("c5", new Conv2d(16, 120, 5).initializer(Initializer.GLOROT_UNIFORM))
                .add("tanh5", new Tanh())
                .add("flatten", new Flatten())
                .add("f6", new Linear(120, 84).initializer(Initializer.GLOROT_UNIFORM))
                .add("tanh6", new Tanh())
                .add("output", new Linear(84, classes).initializer(Initializer.GLOROT_UNIFORM))
                .build();
    }
}
