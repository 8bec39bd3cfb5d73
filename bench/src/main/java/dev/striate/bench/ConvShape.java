package dev.striate.bench;

/** Convolutions with stride 1 of square images, those of the peers' nets and some more. */
public enum ConvShape {
    /** LeNet's first. */
    N64_1_TO_6_K5_PAD2_ON28(64, 1, 6, 5, 2, 28, 1),
    /** LeNet's second. */
    N64_6_TO_16_K5_ON14(64, 6, 16, 5, 0, 14, 1),
    /** The CIFAR net's first. */
    N128_3_TO_32_K3_ON32(128, 3, 32, 3, 0, 32, 1),
    /** The CIFAR net's second. */
    N128_32_TO_64_K3_ON15(128, 32, 64, 3, 0, 15, 1),
    /** As in a residual network. */
    N128_64_TO_64_K3_PAD1_ON32(128, 64, 64, 3, 1, 32, 1),
    /** Pointwise, as between depthwise ones. */
    N32_64_TO_64_K1_ON28(32, 64, 64, 1, 0, 28, 1),
    /** Pointwise on larger images of many channels, as the first in a residual network's block. */
    N8_256_TO_64_K1_ON56(8, 256, 64, 1, 0, 56, 1),
    /** Depthwise. */
    N32_64_DEPTHWISE_K3_PAD1_ON28(32, 64, 64, 3, 1, 28, 64);

    final int batch;
    final int in;
    final int out;
    final int kernel;
    final int padding;
    final int side;
    final int groups;

    ConvShape(int batch, int in, int out, int kernel, int padding, int side, int groups) {
        this.batch = batch;
        this.in = in;
        this.out = out;
        this.kernel = kernel;
        this.padding = padding;
        this.side = side;
        this.groups = groups;
    }

    double forwardFlops() {
        double outSide = side + 2 * padding - kernel + 1;
        return 2 * batch * outSide * outSide * out * (in / groups) * kernel * kernel;
    }
}
