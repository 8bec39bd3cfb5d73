package dev.striate.backend;

/** A dense tensor with one axis singled out: {@code (outer, size, inner)}. */
public record AxisGeometry(int outer, int size, int inner) {}
