package dev.striate.backend;

/** Average pooling to a given output size. */
public interface AdaptiveAvgPool2dKernels {

    /** {@code y}: the mean of each window. */
    void forward(AdaptiveAvgPool2dGeometry g, Buffer x, Buffer y);

    /** {@code dx}: for each pixel the sum of {@code dy} / window size over the windows that contain it. */
    void gradient(AdaptiveAvgPool2dGeometry g, Buffer dy, Buffer dx);
}
