package dev.striate.models;

import static dev.striate.WindowOption.padding;

import dev.striate.nn.BatchNorm2d;
import dev.striate.nn.Conv2d;
import dev.striate.nn.Flatten;
import dev.striate.nn.GlobalAvgPool2d;
import dev.striate.nn.Initializer;
import dev.striate.nn.Linear;
import dev.striate.nn.MaxPool2d;
import dev.striate.nn.Relu;
import dev.striate.nn.ResidualBlock;
import dev.striate.nn.Sequential;

/**
 * A residual network with nine weight layers, for small colour images. It maps {@code (N, 3, 32, 32)} to logits {@code
 * (N, classes)} and has 6.6 million parameters. Widths and depths are those of the network that D. Page trained on
 * CIFAR-10 for DAWNBench ("How to train your ResNet", 2018). The blocks are those of He et al., "Deep residual learning
 * for image recognition" (2016), and the last pooling is a global average, not a maximum.
 */
public final class ResNet9 {

    private ResNet9() {}

    /**
     * Builds the network: 64x32x32, 128x16x16 with a residual block, 256x8x8, 512x4x4 with a residual block, global
     * average pooling, 512-classes.
     */
    public static Sequential create(int classes) {
        Sequential.Builder layers = Sequential.builder();
        addConvolution(layers, 1, 3, 64);
        addConvolution(layers, 2, 64, 128).add("pool2", new MaxPool2d(2)).add("res2", new ResidualBlock(128, 128, 1));
        addConvolution(layers, 3, 128, 256).add("pool3", new MaxPool2d(2));
        addConvolution(layers, 4, 256, 512).add("pool4", new MaxPool2d(2)).add("res4", new ResidualBlock(512, 512, 1));
        return layers.add("pool", new GlobalAvgPool2d())
                .add("flatten", new Flatten())
                .add("fc", new Linear(512, classes))
                .build();
    }

    /**
     * Adds a 3x3 convolution with batch normalisation and ReLU. It has no bias, which the normalisation would cancel.
     */
    private static Sequential.Builder addConvolution(Sequential.Builder layers, int number, int in, int out) {
        return layers.add(
                        "conv" + number,
                        new Conv2d(in, out, 3, padding(1)).bias(false).initializer(Initializer.HE_NORMAL))
                .add("bn" + number, new BatchNorm2d(out))
                .add("relu" + number, new Relu());
    }
}
