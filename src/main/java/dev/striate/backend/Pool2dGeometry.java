package dev.striate.backend;

/**
 * Pooling windows over {@code planes = batch * channels} images. Window (oy, ox) covers input pixels {@code (oy strideH
 * - padTop + ky dilationH, ox strideW - padLeft + kx dilationW)}; every window contains at least one pixel of the image
 * or of its padding.
 */
public record Pool2dGeometry(
        int planes,
        int inHeight,
        int inWidth,
        int outHeight,
        int outWidth,
        int kernelHeight,
        int kernelWidth,
        int strideH,
        int strideW,
        int padTop,
        int padBottom,
        int padLeft,
        int padRight,
        int dilationH,
        int dilationW) {

    /** An upper bound of the number of pixels that a window reads. */
    public long mostPixels() {
        return (long) Math.min(kernelHeight, inHeight) * Math.min(kernelWidth, inWidth);
    }
}
