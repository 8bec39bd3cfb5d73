package dev.striate;

/** Thrown if shapes or attributes do not fit an operation. */
public class ShapeException extends StriateException {

    public ShapeException(String message) {
        super(message);
    }
}
