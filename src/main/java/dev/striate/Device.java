package dev.striate;

import dev.striate.backend.Backend;
import dev.striate.backend.BackendProvider;
import dev.striate.backend.DeviceInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/**
 * Where tensors live and operations run: {@code cpu}, {@code gpu} (an OpenCL device), {@code reference} (double-precision loops,
 * for checking). Each device of the machine is opened once, on first use, and shared; the CPU once for each number of threads.
 */
public final class Device {

    private static final System.Logger LOG = System.getLogger(Device.class.getName());
    private static final Map<String, Device> OPEN = new HashMap<>();

    private final String name;
    private final Backend backend;

    private Device(String name, Backend backend) {
        this.name = name;
        this.backend = backend;
    }

    /** The machine's cores, in pure Java: all of them, or as many as the system property {@code striate.threads} says. */
    public static Device cpu() {
        return open("cpu", 0, 0);
    }

    /**
     * The machine's cores, using a given number of threads. The results' bits do not depend on it, but tensors of devices with
     * different numbers do not meet in an operation.
     *
     * @throws DeviceException if {@code threads} is below 1
     */
    public static Device cpu(int threads) {
        if (threads < 1) {
            throw new DeviceException("cpu: needs at least 1 thread, got " + threads);
        }
        return open("cpu", 0, threads);
    }

    /**
     * The best OpenCL device: a GPU where there is one, else another kind of OpenCL device, with a line in the log that says so.
     *
     * @throws DeviceException if there is none; the message says what was looked for
     */
    public static Device gpu() {
        return gpu(0);
    }

    /** An OpenCL device by its number in {@code striate devices}. */
    public static Device gpu(int ordinal) {
        return open("gpu", ordinal, 0);
    }

    /** Plain loops in double precision: the definition that the other devices are held to. Slow. */
    public static Device reference() {
        return open("reference", 0, 0);
    }

    /** An OpenCL GPU where there is one that opens, else the CPU; the choice is logged in one line. */
    public static Device best() {
        return best(0);
    }

    private static Device best(int threads) {
        BackendProvider.Probe probe = provider("gpu").probe();
        String reason;
        if (!probe.devices().isEmpty() && probe.devices().get(0).type().equals("GPU")) {
            try {
                Device gpu = gpu();
                LOG.log(System.Logger.Level.INFO, "auto: taking gpu, {0}", gpu.info().name());
                return gpu;
            } catch (DeviceException e) {
                reason = e.getMessage();
            }
        } else {
            reason = probe.devices().isEmpty() ? probe.absence() : "no OpenCL device is a GPU";
        }
        Device cpu = open("cpu", 0, threads);
        LOG.log(System.Logger.Level.INFO, "auto: taking cpu, {0} ({1})", cpu.info().detail(), reason);
        return cpu;
    }

    /**
     * A device by name.
     *
     * @param name {@code cpu}, {@code gpu}, {@code gpu:1}, {@code reference} or {@code auto}
     * @throws DeviceException if the name means nothing or the device cannot be opened
     */
    public static Device parse(String name) {
        return parse(name, 0);
    }

    /**
     * A device by name, with a number of threads for those that run on this machine's cores through Java.
     *
     * @param threads at least 1, or 0 for the default: what the system property {@code striate.threads} says, else all cores
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
        throw new DeviceException("there is no device \"" + name + "\"; expected auto, cpu, gpu, gpu:N or reference");
    }

    /**
     * A device over a backend that was opened by hand, not shared with {@link #parse} and the like.
     *
     * @param name how it is called in messages
     */
    public static Device of(String name, Backend backend) {
        return new Device(name, backend);
    }

    /** The families of devices that this program knows, whether or not the machine has any. */
    public static List<BackendProvider> providers() {
        return Providers.ALL;
    }

    /** {@code cpu}, {@code gpu}, {@code gpu:1}, {@code reference}. */
    public String name() {
        return name;
    }

    /** What it is, for people. */
    public DeviceInfo info() {
        return backend.info();
    }

    /** Its memory and kernels. */
    public Backend backend() {
        return backend;
    }

    /** Waits until everything asked of the device has been done. */
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
                    throw new DeviceException("there is no " + name + "; there " + inWords(probe.devices()));
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

    /** {@code are gpu (NVIDIA H200), gpu:1 (NVIDIA H200)}. */
    private static String inWords(List<DeviceInfo> devices) {
        return (devices.size() == 1 ? "is " : "are ") + devices.stream()
                .map(device -> name(device.kind(), device.ordinal()) + " (" + device.name() + ")")
                .collect(Collectors.joining(", "));
    }

    private static BackendProvider provider(String kind) {
        for (BackendProvider provider : Providers.ALL) {
            if (provider.kind().equals(kind)) {
                return provider;
            }
        }
        throw new DeviceException("this build has no backend for " + kind
                + ": META-INF/services/dev.striate.backend.BackendProvider does not list one");
    }

    private static final class Providers {

        static final List<BackendProvider> ALL = load();

        private static List<BackendProvider> load() {
            List<BackendProvider> providers = new ArrayList<>();
            ServiceLoader.load(BackendProvider.class, Device.class.getClassLoader()).forEach(providers::add);
            return List.copyOf(providers);
        }
    }
}
