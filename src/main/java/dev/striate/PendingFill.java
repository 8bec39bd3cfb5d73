package dev.striate;

/**
 * A requested fill that is executed on first use of the memory. It is cancelled if every element is written before. All
 * handles on the memory share one instance, so none of them sees the old values.
 */
final class PendingFill {

    private float value;
    private boolean due;

    void ask(float wanted) {
        value = wanted;
        due = true;
    }

    /** Call this after the fill was executed or every element was written. */
    void settle() {
        due = false;
    }

    boolean isDue() {
        return due;
    }

    float value() {
        return value;
    }
}
