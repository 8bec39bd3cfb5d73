package dev.striate;

/**
 * A requested fill that is performed on first use of the memory, and never if all of the memory is written before. All handles on
 * the memory share one instance, so none of them sees the old values.
 */
final class PendingFill {

    private float value;
    private boolean due;

    void ask(float wanted) {
        value = wanted;
        due = true;
    }

    /** Call this when the fill was performed, or when every element was written. */
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
