package dev.striate.backend;

/** A tensor seen along one axis: {@code (outer, size, inner)}, dense. */
public record AxisGeometry(int outer, int size, int inner) {}
