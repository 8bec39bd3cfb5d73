package dev.striate;

import java.util.stream.Stream;

/** The devices that every machine has. */
public final class TestDevices {

    private TestDevices() {}

    /** For {@code @MethodSource("dev.striate.TestDevices#all")}. */
    public static Stream<Device> all() {
        return Stream.of(Device.reference(), Device.cpu());
    }
}
