package dev.striate.backend;

/**
 * A two-dimensional convolution (cross-correlation, as everywhere in this field) in NCHW: the input is
 * {@code (batch, inChannels, inHeight, inWidth)}, the weight {@code (outChannels, inChannels/groups, kernelHeight, kernelWidth)},
 * the output {@code (batch, outChannels, outHeight, outWidth)}. Output pixel (oy, ox) reads input pixel
 * {@code (oy strideH - padTop + ky dilationH, ox strideW - padLeft + kx dilationW)}; outside the image there are zeros.
 * Padding below and on the right is implied by the output's size.
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

    /** Input channels that one output channel reads. */
    public int inChannelsPerGroup() {
        return inChannels / groups;
    }

    /** Output channels in one group. */
    public int outChannelsPerGroup() {
        return outChannels / groups;
    }
}
