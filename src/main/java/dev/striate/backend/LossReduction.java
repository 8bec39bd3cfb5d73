package dev.striate.backend;

/** How the losses of single examples become the result. */
public enum LossReduction {
    /** Their mean over the examples that are not ignored; NaN if all are. */
    MEAN,
    /** Their sum. */
    SUM,
    /** One loss per example, 0 for the ignored. */
    NONE
}
