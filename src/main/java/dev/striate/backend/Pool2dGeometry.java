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

    /** Windows of 2 by 2 with stride 2; a last line or column of its own is left out. */
    public static Pool2dGeometry twoByTwo(int planes, int height, int width) {
        return new Pool2dGeometry(planes, height, width, height / 2, width / 2, 2, 2, 2, 2, 0, 0, 0, 0, 1, 1);
    }

    /** Whether windows are those of {@link #twoByTwo}, which most networks have: side by side, inside of the image. */
    public boolean isTwoByTwo() {
        return kernelHeight == 2
                && kernelWidth == 2
                && strideH == 2
                && strideW == 2
                && padTop == 0
                && padLeft == 0
                && dilationH == 1
                && dilationW == 1
                && 2 * outHeight <= inHeight
                && 2 * outWidth <= inWidth;
    }

    /** An upper bound of the number of pixels that a window reads. */
    public long mostPixels() {
        return (long) Math.min(kernelHeight, inHeight) * Math.min(kernelWidth, inWidth);
    }
}
