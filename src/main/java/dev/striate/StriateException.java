package dev.striate;

/**
 * What every error of this library is: unchecked, with a message that names the operation, what was expected, and what was met.
 */
public class StriateException extends RuntimeException {

    public StriateException(String message) {
        super(message);
    }

    public StriateException(String message, Throwable cause) {
        super(message, cause);
    }
}
