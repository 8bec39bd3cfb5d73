package dev.striate;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.striate.backend.BackendProvider;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The devices that tests hold against the reference. */
public final class TestDevices {

    /** A device, or why it is not there. */
    public static final class TestDevice {

        private final String name;
        private final @Nullable Device device;
        private final String absence;

        private TestDevice(String name, @Nullable Device device, String absence) {
            this.name = name;
            this.device = device;
            this.absence = absence;
        }

        public String name() {
            return name;
        }

        /** The device; skips the test if it is not there, or fails it if {@code -Dstriate.test.requireOpenCl=true} asks for it. */
        public Device get() {
            if (device == null) {
                return Boolean.getBoolean("striate.test.requireOpenCl") ? fail(absence) : abort(absence);
            }
            return device;
        }
    }

    private static final List<TestDevice> ALL = find();

    private TestDevices() {}

    /** All of them. */
    public static List<TestDevice> all() {
        return ALL;
    }

    private static List<TestDevice> find() {
        List<TestDevice> devices = new ArrayList<>();
        for (BackendProvider provider : Device.providers()) {
            if (!provider.kind().equals("reference")) {
                devices.add(new TestDevice(provider.kind(), Device.parse(provider.kind()), ""));
            }
        }
        return devices;
    }

    /** The CPU with a number of threads. */
    public static TestDevice cpu(int threads) {
        return new TestDevice("cpu", null, "none yet");
    }
}
