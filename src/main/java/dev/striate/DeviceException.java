package dev.striate;

import org.jspecify.annotations.Nullable;

/** Thrown if a device is missing or fails, or if the tensors of an operation are on different devices. */
public class DeviceException extends StriateException {

    public DeviceException(String message) {
        super(message);
    }

    public DeviceException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
