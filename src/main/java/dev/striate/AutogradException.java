package dev.striate;

/**
 * Thrown if a backward pass is impossible: the graph was already used, a saved tensor was changed in place, or there is
 * nothing to differentiate.
 */
public class AutogradException extends StriateException {

    public AutogradException(String message) {
        super(message);
    }
}
