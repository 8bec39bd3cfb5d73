package dev.striate;

import dev.striate.backend.Backend;
import dev.striate.backend.BackendProvider;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/**
 * A device that holds tensors and runs operations: {@code cpu}, {@code gpu} (an OpenCL device) or {@code reference}
 * (double-precision loops, for checking).
 *
 * <pre>{@code
 * Device device = Device.best();              // an OpenCL GPU if there is one, otherwise the CPU
 * Device same = Device.parse("auto");
 * Tensor x = Tensor.zeros(device, 8, 1, 28, 28);
 * }</pre>
 *
 * <p>Each device of the machine is opened once, on first use, and shared. The CPU is one device for each number of
 * threads.
 */
public final class Device {

    private static final System.Logger LOG = System.getLogger(Device.class.getName());
    private static final Map<String, Device> OPEN = new HashMap<>();

    private final String name;
    private final Backend backend;

    Device(String name, Backend backend) {
        this.name = name;
        this.backend = backend;
    }

    /**
     * Returns the CPU, used through Java, with all cores or the number of threads in the system property {@code
     * striate.threads}.
     */
    public static Device cpu() {
        return open("cpu", 0, 0);
    }

    /**
     * Returns the CPU with a given number of threads. Results do not depend on this number, bit for bit. Tensors of CPU
     * devices with different numbers of threads cannot be combined.
     *
     * @throws DeviceException if {@code threads} is below 1
     */
    public static Device cpu(int threads) {
        if (threads < 1) {
            throw new DeviceException("cpu: expected at least 1 thread, got " + threads);
        }
        return open("cpu", 0, threads);
    }

    /**
     * Returns the best OpenCL device: a GPU if there is one, otherwise another kind of OpenCL device, which is reported
     * in the log.
     *
     * @throws DeviceException if there is no OpenCL device; the message explains the search and how to install a driver
     */
    public static Device gpu() {
        return gpu(0);
    }

    /** Returns an OpenCL device by its number in {@code striate devices}. */
    public static Device gpu(int ordinal) {
        return open("gpu", ordinal, 0);
    }

    /**
     * Returns the reference device: slow, plain loops in double precision that define the results of all operations.
     */
    public static Device reference() {
        return open("reference", 0, 0);
    }

    /** Returns an OpenCL GPU if one can be opened, otherwise the CPU. The choice is logged. */
    public static Device best() {
        return best(0);
    }

    private static Device best(int threads) {
        BackendProvider.Probe probe = provider("gpu").probe();
        String reason;
        if (!probe.devices().isEmpty() && probe.devices().get(0).type().equals("GPU")) {
            try {
                Device gpu = gpu();
                LOG.log(
                        System.Logger.Level.INFO,
                        "auto: using gpu, {0}",
                        gpu.info().name());
                return gpu;
            } catch (DeviceException e) {
                reason = e.getMessage();
            }
        } else {
            reason = probe.devices().isEmpty() ? probe.absence() : "no OpenCL device is a GPU";
        }
        Device cpu = open("cpu", 0, threads);
        LOG.log(
                System.Logger.Level.INFO,
                "auto: using cpu, {0} ({1})",
                cpu.info().detail(),
                reason);
        return cpu;
    }

    /**
     * Returns a device by name.
     *
     * @param name {@code cpu}, {@code gpu}, {@code gpu:1}, {@code reference} or {@code auto}
     * @throws DeviceException if the name is unknown or the device cannot be opened
     */
    public static Device parse(String name) {
        return parse(name, 0);
    }

    /**
     * Returns a device by name. The number of threads applies only to the CPU.
     *
     * @param threads at least 1, or 0 for the default: the system property {@code striate.threads}, or all cores if it
     *     is not set
     */
    public static Device parse(String name, int threads) {
        if (threads < 0) {
            throw new DeviceException("threads: expected 1 or more, or 0 for the default, got " + threads);
        }
        String lower = name.toLowerCase(Locale.ROOT).strip();
        if (lower.equals("auto")) {
            return best(threads);
        }
        if (lower.equals("cpu") || lower.equals("reference")) {
            return open(lower, 0, threads);
        }
        if (lower.matches("gpu(:\\d{1,4})?")) {
            return gpu(lower.equals("gpu") ? 0 : Integer.parseInt(lower.substring(4)));
        }
        throw new DeviceException("unknown device \"" + name + "\"; expected auto, cpu, gpu, gpu:N or reference");
    }

    /** For {@link dev.striate.internal.Internals}. */
    static List<BackendProvider> providers() {
        return Providers.ALL;
    }

    /** Returns the name: {@code cpu}, {@code gpu}, {@code gpu:1} or {@code reference}. */
    public String name() {
        return name;
    }

    /** Returns a description of the hardware. */
    public DeviceInfo info() {
        return backend.info();
    }

    /** Returns how much memory tensors use on this device. */
    public MemoryStatistics memory() {
        return backend.memory();
    }

    /** For {@link dev.striate.internal.Internals}: returns the backend, which has the memory and the kernels. */
    Backend backend() {
        return backend;
    }

    /** Waits until the device has finished all work. */
    public void synchronize() {
        backend.synchronize();
    }

    @Override
    public String toString() {
        return name;
    }

    private static Device open(String kind, int ordinal, int threads) {
        BackendProvider provider = provider(kind);
        synchronized (OPEN) {
            String key = kind + ":" + ordinal + ":" + provider.threads(threads);
            Device device = OPEN.get(key);
            if (device == null) {
                BackendProvider.Probe probe = provider.probe();
                String name = name(kind, ordinal);
                if (probe.devices().isEmpty()) {
                    throw new DeviceException(name + ": " + probe.absence());
                }
                if (ordinal >= probe.devices().size()) {
                    throw new DeviceException(name + " not found; available: " + inWords(probe.devices()));
                }
                device = new Device(name, provider.open(ordinal, threads));
                OPEN.put(key, device);
            }
            return device;
        }
    }

    private static String name(String kind, int ordinal) {
        return ordinal == 0 ? kind : kind + ":" + ordinal;
    }

    /** {@code gpu (NVIDIA H200), gpu:1 (NVIDIA H200)}. */
    private static String inWords(List<DeviceInfo> devices) {
        return devices.stream()
                .map(device -> name(device.kind(), device.ordinal()) + " (" + device.name() + ")")
                .collect(Collectors.joining(", "));
    }

    private static BackendProvider provider(String kind) {
        for (BackendProvider provider : Providers.ALL) {
            if (provider.kind().equals(kind)) {
                return provider;
            }
        }
        throw new DeviceException("no backend for " + kind
                + ": META-INF/services/dev.striate.backend.BackendProvider on the class path does not list one");
    }

    private static final class Providers {

        static final List<BackendProvider> ALL = load();

        private static List<BackendProvider> load() {
            List<BackendProvider> providers = new ArrayList<>();
            ServiceLoader.load(BackendProvider.class, Device.class.getClassLoader())
                    .forEach(providers::add);
            return List.copyOf(providers);
        }
    }
}
