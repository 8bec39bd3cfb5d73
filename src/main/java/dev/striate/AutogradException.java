package dev.striate;

/**
 * A backward pass that cannot be: a second one through the same graph, a saved tensor changed in place, nothing to differentiate.
 */
public class AutogradException extends StriateException {

    public AutogradException(String message) {
        super(message);
    }
}
