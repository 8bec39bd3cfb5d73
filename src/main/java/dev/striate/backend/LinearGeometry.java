package dev.striate.backend;

/**
 * A linear layer: input {@code (rows, in)}, weight {@code (out, in)}, bias {@code (out)}, output {@code (rows, out)}.
 */
public record LinearGeometry(int rows, int in, int out) {}
