package dev.striate.bench.common;

import dev.striate.WindowOption;
import dev.striate.models.NetworkBuilder;
import dev.striate.nn.BatchNorm2d;
import dev.striate.nn.Block;
import dev.striate.nn.Conv2d;
import dev.striate.nn.MaxPool2d;

/** One layer of a {@link Net}. */
public sealed interface Layer {

    /** Builds the layer in Striate. */
    Block block();

    /** A convolution with stride 1 and a bias. */
    record Conv(int in, int out, int kernel, int padding) implements Layer {
        @Override
        public Block block() {
            return new Conv2d(in, out, kernel, WindowOption.padding(padding));
        }
    }

    /** Batch normalisation over the batch and the plane. */
    record BatchNorm(int channels) implements Layer {
        @Override
        public Block block() {
            return new BatchNorm2d(channels);
        }
    }

    /** max(x, 0). */
    record Relu() implements Layer {
        @Override
        public Block block() {
            return new dev.striate.nn.Relu();
        }
    }

    /** The maximum of windows of 2x2 that do not overlap. */
    record MaxPool() implements Layer {
        @Override
        public Block block() {
            return new MaxPool2d(2);
        }
    }

    /** (N, C, H, W) to (N, C H W). */
    record Flatten() implements Layer {
        @Override
        public Block block() {
            return new dev.striate.nn.Flatten();
        }
    }

    /** x w^T + b. */
    record Linear(int in, int out) implements Layer {
        @Override
        public Block block() {
            return new dev.striate.nn.Linear(in, out);
        }
    }

    /** A whole network of Striate's, which libtorch through DJL does not build. */
    record Whole(NetworkBuilder network) implements Layer {
        @Override
        public Block block() {
            return network.build(Net.CLASSES);
        }
    }
}
