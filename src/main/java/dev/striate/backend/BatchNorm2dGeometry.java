package dev.striate.backend;

/**
 * A batch of {@code (batch, channels, plane)} elements, plane being height times width, normalised per channel.
 *
 * @param epsilon added to the variance under the root
 */
public record BatchNorm2dGeometry(int batch, int channels, int plane, float epsilon) {}
