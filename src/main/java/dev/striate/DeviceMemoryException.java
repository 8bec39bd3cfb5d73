package dev.striate;

/** The device has no room for a buffer. What was there before still is, and the device can be used on. */
public class DeviceMemoryException extends DeviceException {

    public DeviceMemoryException(String message) {
        super(message);
    }

    public DeviceMemoryException(String message, Throwable cause) {
        super(message, cause);
    }
}
