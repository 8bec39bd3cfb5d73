package dev.striate;

/** Shapes or attributes that do not fit the operation. */
public class ShapeException extends StriateException {

    public ShapeException(String message) {
        super(message);
    }
}
