package dev.striate;

import org.jspecify.annotations.Nullable;

/**
 * Thrown if a device has not enough memory for a buffer. Existing tensors are unaffected, and the device remains
 * usable.
 */
public class DeviceMemoryException extends DeviceException {

    public DeviceMemoryException(String message) {
        super(message);
    }

    public DeviceMemoryException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
