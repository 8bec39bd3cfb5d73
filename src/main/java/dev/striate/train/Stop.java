package dev.striate.train;

/**
 * Why a training ends before its last epoch.
 *
 * @param kind   what is left undone
 * @param reason in words that can follow "stopped: "
 */
public record Stop(Kind kind, String reason) {

    /** How a training is wound up. */
    public enum Kind {

        /** It is good enough, or gets no better: an epoch that is cut short is evaluated, and so is the model at the end. */
        EARLY,

        /** Somebody waits for the end: nothing is evaluated any more, and what was trained of an epoch is no epoch. */
        INTERRUPT,

        /** A listener failed, and what it threw is on its way out of {@code fit}; otherwise as an interrupt. */
        FAILURE
    }

    /** Ends the training because it has done its work. */
    public static Stop early(String reason) {
        return new Stop(Kind.EARLY, reason);
    }

    /** Ends the training at once. */
    public static Stop interrupt(String reason) {
        return new Stop(Kind.INTERRUPT, reason);
    }

    boolean isAtOnce() {
        return kind != Kind.EARLY;
    }
}
