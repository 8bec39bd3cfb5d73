package dev.striate.bench.peers;

/** One layer of a {@link Net}, as both sides build it. */
sealed interface Layer {

    /** A convolution with stride 1 and a bias. */
    record Conv(int in, int out, int kernel, int padding) implements Layer {}

    /** Batch normalisation over the batch and the plane. */
    record BatchNorm(int channels) implements Layer {}

    /** max(x, 0). */
    record Relu() implements Layer {}

    /** The maximum of windows of 2x2 that do not overlap. */
    record MaxPool() implements Layer {}

    /** (N, C, H, W) to (N, C H W). */
    record Flatten() implements Layer {}

    /** x w^T + b. */
    record Linear(int in, int out) implements Layer {}
}
