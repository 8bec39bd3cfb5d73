package dev.striate.bench.gpu;

/** A convolution of square images with a bias. */
record ConvShape(int batch, int in, int out, int kernel, int side, int padding, int stride) {

    int outSide() {
        return (side + 2 * padding - kernel) / stride + 1;
    }

    /** Multiplications and additions, forward. */
    double flops() {
        return 2.0 * batch * outSide() * outSide() * out * in * kernel * kernel;
    }

    ConvShape batch(int other) {
        return new ConvShape(other, in, out, kernel, side, padding, stride);
    }

    @Override
    public String toString() {
        return "N=" + batch + " " + in + "->" + out + " " + kernel + "x" + kernel
                + (padding > 0 ? " pad " + padding : "") + (stride > 1 ? " stride " + stride : "") + " on " + side + "x"
                + side;
    }
}
