package dev.striate;

/**
 * Thrown if a device has not enough memory for a buffer. Existing tensors are unaffected, and the device remains
 * usable.
 */
public class DeviceMemoryException extends DeviceException {

    public DeviceMemoryException(String message) {
        super(message);
    }

    public DeviceMemoryException(String message, Throwable cause) {
        super(message, cause);
    }
}
