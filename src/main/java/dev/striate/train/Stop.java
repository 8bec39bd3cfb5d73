package dev.striate.train;

/**
 * The reason why training ends before its last epoch.
 *
 * @param kind   how training ends
 * @param reason a text that can follow "stopped: "
 */
public record Stop(Kind kind, String reason) {

    /** How training ends. */
    public enum Kind {

        /**
         * The goal is reached or there is no more progress. An incomplete epoch is evaluated, and so is the model at
         * the end.
         */
        EARLY,

        /** A user waits for the end. Nothing more is evaluated, and an incomplete epoch does not count. */
        INTERRUPT,

        /** A listener threw an exception, which {@code fit} will throw. Otherwise as for an interrupt. */
        FAILURE
    }

    /** Stops because training has reached its goal. */
    public static Stop early(String reason) {
        return new Stop(Kind.EARLY, reason);
    }

    /** Stops at once. */
    public static Stop interrupt(String reason) {
        return new Stop(Kind.INTERRUPT, reason);
    }

    boolean isAtOnce() {
        return kind != Kind.EARLY;
    }
}
