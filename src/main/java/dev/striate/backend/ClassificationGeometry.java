package dev.striate.backend;

import dev.striate.LossReduction;

/**
 * Scores {@code (axis.outer, axis.size = classes, axis.inner)} against labels {@code (axis.outer, axis.inner)}; one
 * example per label.
 *
 * @param ignoreIndex    the label of examples to ignore
 * @param labelSmoothing epsilon from 0 to 1: the target is {@code 1 - epsilon} on the label plus {@code epsilon /
 *     classes} on every class
 */
public record ClassificationGeometry(
        AxisGeometry axis, LossReduction reduction, int ignoreIndex, float labelSmoothing) {

    /** The number of labels. */
    public int examples() {
        return axis.outer() * axis.inner();
    }
}
