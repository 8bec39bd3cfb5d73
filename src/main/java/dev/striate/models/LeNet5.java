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
 * LeNet-5 (LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", 1998) for grey images of
 * 32x32 pixels: {@code (N, 1, 32, 32)} to logits {@code (N, classes)}. Both forms have 61,706 parameters for ten classes.
 */
public final class LeNet5 {

    private LeNet5() {}

    /** As it is built today: ReLU and max pooling, 6 and 16 maps of 5x5 kernels, then 400-120-84-classes. */
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
     * As the paper has it: tanh, average pooling, and C5 as a 5x5 convolution with 120 maps, of one pixel each. Three things of
     * 1998 are left out, as they are nearly everywhere: the table of which maps C3 sees (here each of its maps sees all six), a
     * trained factor and bias per pooled map, and the radial basis functions of the output.
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
