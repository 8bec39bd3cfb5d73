package dev.striate;

/** How the losses of the examples are combined. */
public enum LossReduction {
    /** The mean over the examples that are not ignored; NaN if all are ignored. */
    MEAN,
    /** The sum. */
    SUM,
    /** One loss per example; 0 for ignored examples. */
    NONE
}
