package dev.striate;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.fuzz.FuzzTarget;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** The name of a device. */
public final class DeviceNameFuzz implements FuzzTarget {

    @Override
    public void run(byte[] input) {
        String name = new String(input, StandardCharsets.UTF_8);
        Device device = Device.parse(name);
        String asked = name.strip().toLowerCase(Locale.ROOT);
        assertTrue(asked.equals("auto") || asked.matches("gpu:0+") || asked.equals(device.name()), device.name());
    }
}
