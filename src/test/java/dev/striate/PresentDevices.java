package dev.striate;

import dev.striate.internal.Internals;
import java.util.stream.Stream;

/** The devices as users open them: the reference, the CPU and, where there is one, OpenCL. */
public final class PresentDevices {

    private PresentDevices() {}

    /** For {@code @MethodSource("dev.striate.PresentDevices#all")}. */
    public static Stream<Device> all() {
        return Internals.providers().stream()
                .filter(provider -> !provider.probe().devices().isEmpty())
                .map(provider -> Device.parse(provider.kind()));
    }
}
