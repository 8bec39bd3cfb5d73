package dev.striate;

/**
 * A fill that was asked for and is made by whoever uses the memory first; if all of it is written before, never. All handles of
 * the memory share one, so that none of them sees what was there before.
 */
final class PendingFill {

    private float value;
    private boolean due;

    void ask(float wanted) {
        value = wanted;
        due = true;
    }

    /** The fill was made, or something else was written to every element. */
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
