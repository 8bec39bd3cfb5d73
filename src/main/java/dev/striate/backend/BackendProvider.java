package dev.striate.backend;

import dev.striate.DeviceInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the devices of one family and opens them; found by {@link java.util.ServiceLoader}. Looking must be cheap and
 * must never throw: a family that is not there says why in {@link Probe#absence()}.
 */
public interface BackendProvider {

    /** The family's name in {@code --device}: {@code cpu}, {@code gpu}, {@code reference}. */
    String kind();

    /** The devices of this family, the best first; looked for once and remembered. */
    Probe probe();

    /**
     * Opens a device. Each call may make a new backend; {@code dev.striate.Device} keeps and shares them.
     *
     * @param ordinal an index into {@link Probe#devices()}
     * @param threads how many threads a device that runs on this machine's cores may use, or 0 for its own choice
     * @throws dev.striate.DeviceException if it cannot be opened; the message says why and what to do
     */
    Backend open(int ordinal, int threads);

    /**
     * Returns the number of threads that a device opened with this request gets. Requests with the same result share
     * one device. 0 if the device does not use this machine's cores.
     *
     * @param asked as given to {@link #open}
     * @throws dev.striate.DeviceException if there cannot be so many
     */
    default int threads(int asked) {
        return 0;
    }

    /**
     * The search for the best settings of a device's kernels, or null where they have none.
     *
     * @param ordinal an index into {@link Probe#devices()}
     */
    default @Nullable Tuning tuning(int ordinal) {
        return null;
    }

    /**
     * The result of a search for devices.
     *
     * @param devices  the devices, the best first
     * @param absence  why there is none and how to get one, or null if some were found
     * @param problems drivers that failed although others have devices, one sentence each
     */
    record Probe(List<DeviceInfo> devices, @Nullable String absence, List<String> problems) {}
}
