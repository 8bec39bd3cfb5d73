package dev.striate.backend;

/** Resizing of images, and padding with their own pixels. */
public interface Resample2dKernels {

    /**
     * {@code y = vertical x horizontal^T} for each plane. A pixel is a sum over stored elements only: other pixels do
     * not count, even if they are not finite.
     */
    void apply(Resample2dGeometry g, Buffer x, Buffer y);
}
