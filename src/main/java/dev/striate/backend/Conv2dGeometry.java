package dev.striate.backend;

/**
 * A two-dimensional convolution (cross-correlation, as usual in this field) in NCHW layout: the input is {@code (batch,
 * inChannels, inHeight, inWidth)}, the weight {@code (outChannels, inChannels/groups, kernelHeight, kernelWidth)}, the
 * output {@code (batch, outChannels, outHeight, outWidth)}. Output pixel (oy, ox) reads input pixel {@code (oy strideH
 * - padTop + ky dilationH, ox strideW - padLeft + kx dilationW)}; outside the image there are zeros. Padding at the
 * bottom and right follows from the size of the output.
 */
public record Conv2dGeometry(
        int batch,
        int inChannels,
        int inHeight,
        int inWidth,
        int outChannels,
        int outHeight,
        int outWidth,
        int kernelHeight,
        int kernelWidth,
        int strideH,
        int strideW,
        int padTop,
        int padLeft,
        int dilationH,
        int dilationW,
        int groups) {

    /**
     * The same convolution with smaller numbers where they change nothing: the stride of a single window, the dilation
     * of a single tap, and padding that all windows lie in.
     */
    public Conv2dGeometry cut() {
        int newStrideH = outHeight == 1 ? Math.min(strideH, inHeight) : strideH;
        int newStrideW = outWidth == 1 ? Math.min(strideW, inWidth) : strideW;
        int newDilationH = kernelHeight == 1 ? 1 : dilationH;
        int newDilationW = kernelWidth == 1 ? 1 : dilationW;
        return new Conv2dGeometry(
                batch,
                inChannels,
                inHeight,
                inWidth,
                outChannels,
                outHeight,
                outWidth,
                kernelHeight,
                kernelWidth,
                newStrideH,
                newStrideW,
                (int) Math.min(padTop, reach(outHeight, newStrideH, kernelHeight, newDilationH)),
                (int) Math.min(padLeft, reach(outWidth, newStrideW, kernelWidth, newDilationW)),
                newDilationH,
                newDilationW,
                groups);
    }

    /** Rows from the first to the last that windows cover, padding included. */
    public long rows() {
        return reach(outHeight, strideH, kernelHeight, dilationH);
    }

    /** Columns from the first to the last that windows cover, padding included. */
    public long columns() {
        return reach(outWidth, strideW, kernelWidth, dilationW);
    }

    private static long reach(int windows, int stride, int kernel, int dilation) {
        return (windows - 1L) * stride + (kernel - 1L) * dilation + 1;
    }

    /** The same windows over all channels. */
    public Conv2dGeometry ungrouped() {
        return new Conv2dGeometry(
                batch,
                inChannels,
                inHeight,
                inWidth,
                outChannels,
                outHeight,
                outWidth,
                kernelHeight,
                kernelWidth,
                strideH,
                strideW,
                padTop,
                padLeft,
                dilationH,
                dilationW,
                1);
    }

    /** The number of input channels that an output channel reads. */
    public int inChannelsPerGroup() {
        return inChannels / groups;
    }

    /** The number of output channels in a group. */
    public int outChannelsPerGroup() {
        return outChannels / groups;
    }

    /**
     * Whether each image has a single window that covers it, as in C5 of LeNet-5. Such a convolution is a linear layer;
     * see {@link #asLinear}.
     */
    public boolean isLinear() {
        return groups == 1
                && outHeight == 1
                && outWidth == 1
                && padTop == 0
                && padLeft == 0
                && kernelHeight == inHeight
                && kernelWidth == inWidth
                && (dilationH == 1 || kernelHeight == 1)
                && (dilationW == 1 || kernelWidth == 1);
    }

    /** Returns the equivalent linear layer over the flattened images. */
    public LinearGeometry asLinear() {
        return new LinearGeometry(batch, inChannels * inHeight * inWidth, outChannels);
    }
}
