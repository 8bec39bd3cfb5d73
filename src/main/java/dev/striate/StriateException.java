package dev.striate;

import org.jspecify.annotations.Nullable;

/**
 * The unchecked superclass of all exceptions of this library. Messages name the operation, what was expected, and what
 * was given.
 */
public class StriateException extends RuntimeException {

    /** The dotted name of the block of a network in which it happened, and its type; empty outside of networks. */
    private String place = "";

    private String block = "";

    public StriateException(String message) {
        super(message);
    }

    public StriateException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /** Returns the message, which ends with the place in the network if it was thrown inside one. */
    @Override
    public @Nullable String getMessage() {
        return place.isEmpty() ? super.getMessage() : super.getMessage() + " (in " + place + ": " + block + ")";
    }

    /** For {@link dev.striate.internal.Internals}. */
    void passed(String name, String type) {
        block = place.isEmpty() ? type : block;
        place = place.isEmpty() ? name : name + "." + place;
    }
}
