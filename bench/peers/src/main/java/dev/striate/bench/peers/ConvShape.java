package dev.striate.bench.peers;

/** A convolution with stride 1 and a bias over square images. */
record ConvShape(int batch, int in, int out, int kernel, int padding, int side) {

    int outSide() {
        return side + 2 * padding - kernel + 1;
    }

    double forwardFlops() {
        return 2.0 * positions() * out * in * kernel * kernel;
    }

    /** Windows of the whole batch. */
    int positions() {
        return batch * outSide() * outSide();
    }

    int inputElements() {
        return batch * in * side * side;
    }

    int outputElements() {
        return positions() * out;
    }

    int weightElements() {
        return out * in * kernel * kernel;
    }

    @Override
    public String toString() {
        String pad = padding == 0 ? "" : " pad " + padding;
        return "N=" + batch + " " + in + "->" + out + " " + kernel + "x" + kernel + pad + " on " + side + "x" + side;
    }
}
