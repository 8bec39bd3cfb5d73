package dev.striate.backend;

/**
 * Average pooling to a given output size: output row i is the mean of the input rows from {@code floor(i inHeight /
 * outHeight)} to {@code ceil((i + 1) inHeight / outHeight)} (exclusive), and likewise for columns. Neighbouring windows
 * may overlap.
 */
public record AdaptiveAvgPool2dGeometry(int planes, int inHeight, int inWidth, int outHeight, int outWidth) {}
