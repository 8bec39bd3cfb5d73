package dev.striate.backend;

import org.jspecify.annotations.Nullable;

/**
 * What is known of a device.
 *
 * @param kind        the device family as {@code --device} names it: {@code cpu}, {@code gpu}, {@code reference}
 * @param ordinal     its number within the family, from 0
 * @param name        the product name, {@code NVIDIA H200}
 * @param platform    who provides it: the OpenCL platform's name and version, or the Java runtime
 * @param driver      the driver's version, or null where there is none
 * @param type        what it is: {@code GPU}, {@code CPU}, {@code accelerator}
 * @param memoryBytes memory the device can use, in bytes
 * @param detail      what else helps a person: compute units, vector width, threads
 */
public record DeviceInfo(
        String kind, int ordinal, String name, String platform, @Nullable String driver, String type, long memoryBytes,
        String detail) {}
