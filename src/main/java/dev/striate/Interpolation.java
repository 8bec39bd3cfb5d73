package dev.striate;

/**
 * How {@link Tensor#upsample} computes the pixels of an image of another size. Below, pixel i of the {@code out} pixels
 * along an axis is taken from position p of the {@code in} pixels of the input. If a scale was given, it replaces
 * {@code out / in}.
 *
 * <p>Bilinear interpolation is linear along the rows and along the columns, between the two pixels next to p. Positions
 * outside the image count as its first or last pixel. It does not average over the pixels that it skips when an image
 * becomes smaller.
 */
public enum Interpolation {

    /**
     * The pixel {@code floor(i * in / out)}, computed exactly. {@code nearest} in PyTorch; in ONNX {@code nearest} with
     * {@code asymmetric} and {@code floor}.
     */
    NEAREST,

    /**
     * The pixel {@code floor((i + 0.5) * in / out)}, computed exactly. {@code nearest-exact} in PyTorch; in ONNX {@code
     * nearest} with {@code half_pixel} and {@code round_prefer_ceil}.
     */
    NEAREST_EXACT,

    /**
     * Bilinear, {@code p = (i + 0.5) * in / out - 0.5}. {@code bilinear} in PyTorch, with {@code align_corners=False};
     * in ONNX {@code linear} with {@code half_pixel}.
     */
    BILINEAR,

    /**
     * Bilinear, {@code p = i * (in - 1) / (out - 1)}, or 0 for one pixel: the corners of both images coincide. {@code
     * bilinear} in PyTorch, with {@code align_corners=True}; in ONNX {@code linear} with {@code align_corners}.
     */
    BILINEAR_ALIGN_CORNERS,

    /** Bilinear, {@code p = i * in / out}. In ONNX {@code linear} with {@code asymmetric}; PyTorch has none. */
    BILINEAR_ASYMMETRIC
}
