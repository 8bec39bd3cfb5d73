package dev.striate;

import org.jspecify.annotations.Nullable;

/**
 * The unchecked superclass of all exceptions of this library. Messages name the operation, what was expected, and what
 * was given.
 */
public class StriateException extends RuntimeException {

    public StriateException(String message) {
        super(message);
    }

    public StriateException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
