package dev.striate.backend;

/**
 * Averages to a given output size: output row i takes input rows {@code floor(i inHeight / outHeight)} up to, not including,
 * {@code ceil((i + 1) inHeight / outHeight)}, columns alike, so neighbours may overlap.
 */
public record AdaptiveAvgPool2dGeometry(int planes, int inHeight, int inWidth, int outHeight, int outWidth) {}
