package dev.striate;

/** A device that is not there, that failed, or tensors on different devices. */
public class DeviceException extends StriateException {

    public DeviceException(String message) {
        super(message);
    }

    public DeviceException(String message, Throwable cause) {
        super(message, cause);
    }
}
