package dev.striate.backend;

/**
 * A selection of elements along an axis.
 *
 * @param axis   the tensor that is selected from, {@code (outer, size, inner)}; the result is {@code (outer, count,
 *     inner)}
 * @param count  the size of the result along the axis
 * @param shared whether the {@code count} indices are those of every line along the axis; otherwise each element of the
 *     result has an index of its own, in the result's order
 */
public record GatherGeometry(AxisGeometry axis, int count, boolean shared) {}
