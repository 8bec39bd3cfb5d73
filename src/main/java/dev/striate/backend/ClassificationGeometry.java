package dev.striate.backend;

/**
 * Scores {@code (axis.outer, axis.size = classes, axis.inner)} against labels {@code (axis.outer, axis.inner)}; one example per
 * label.
 *
 * @param ignoreIndex    the label of examples that do not count
 * @param labelSmoothing epsilon in 0 .. 1: the target is {@code 1 - epsilon} on the label plus {@code epsilon / classes}
 *                       everywhere
 */
public record ClassificationGeometry(AxisGeometry axis, LossReduction reduction, int ignoreIndex, float labelSmoothing) {

    /** The number of labels. */
    public int examples() {
        return axis.outer() * axis.inner();
    }
}
