package dev.striate;

import org.jspecify.annotations.Nullable;

/**
 * A description of a device.
 *
 * @param kind        the kind of device as in {@code --device}: {@code cpu}, {@code gpu}, {@code reference}
 * @param ordinal     the number within the kind, from 0
 * @param name        the product name, such as {@code NVIDIA H200}
 * @param platform    the name and version of the OpenCL platform, or the Java runtime
 * @param driver      the version of the driver, or null if there is none
 * @param type        the type: {@code GPU}, {@code CPU}, {@code accelerator}
 * @param memoryBytes the memory of the device in bytes
 * @param detail      further information for users: compute units, vector width, threads
 */
public record DeviceInfo(
        String kind,
        int ordinal,
        String name,
        String platform,
        @Nullable String driver,
        String type,
        long memoryBytes,
        String detail) {}
