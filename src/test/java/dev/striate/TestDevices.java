package dev.striate;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.striate.backend.Backend;
import dev.striate.backend.BackendProvider;
import dev.striate.backend.cpu.SharingCpu;
import dev.striate.backend.cpu.Vectorization;
import dev.striate.backend.opencl.KernelShape;
import dev.striate.backend.opencl.OpenClBackend;
import dev.striate.backend.opencl.OpenClProvider;
import dev.striate.backend.reference.ReferenceProvider;
import dev.striate.internal.Internals;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The devices that tests hold against the reference: each backend, with each set of kernels that it has. */
public final class TestDevices {

    /**
     * A device that is opened once, on first use. Where there is none, a test that asks for it is skipped with the
     * reason; with {@code -Dstriate.test.requireOpenCl=true} a missing OpenCL device fails it instead.
     */
    public static final class TestDevice {

        private final String name;
        private final Supplier<Backend> backend;
        private final boolean required;
        private @Nullable Device device;
        private @Nullable DeviceException absence;

        private TestDevice(String name, boolean required, Supplier<Backend> backend) {
            this.name = name;
            this.required = required;
            this.backend = backend;
        }

        public String name() {
            return name;
        }

        /** The device, or no return. */
        public synchronized Device get() {
            if (device == null) {
                device = open();
            }
            return device;
        }

        /** The device opened anew, so that nobody else uses its memory: for tests that count buffers. Or no return. */
        public synchronized Device open() {
            if (absence == null) {
                try {
                    return Internals.device(name, backend.get());
                } catch (DeviceException e) {
                    absence = e;
                }
            }
            return required ? fail(name, absence) : abort(name + ": " + absence.getMessage());
        }
    }

    private static final TestDevice CPU_VECTOR_API = cpu("cpu, Vector API", false, 1, Vectorization.VECTOR_API);
    private static final TestDevice CPU_PLAIN = cpu("cpu, plain", true, 1, Vectorization.PLAIN);

    private static final List<TestDevice> ALL =
            List.of(CPU_VECTOR_API, CPU_PLAIN, openCl(KernelShape.TILED), openCl(KernelShape.VECTOR));

    private static final List<TestDevice> WITH_REFERENCE = Stream.concat(
                    ALL.stream(),
                    Stream.of(new TestDevice("reference", true, () -> new ReferenceProvider().open(0, 0))))
            .toList();

    private static final List<List<TestDevice>> THREAD_COUNTS = List.of(
            List.of(
                    CPU_VECTOR_API,
                    cpu("cpu, Vector API, 2 threads", false, 2, Vectorization.VECTOR_API),
                    cpu("cpu, Vector API, 3 threads", false, 3, Vectorization.VECTOR_API)),
            List.of(CPU_PLAIN, cpu("cpu, plain, 2 threads", true, 2, Vectorization.PLAIN)));

    /** With the Vector API, for each algorithm of convolutions a device that takes it wherever it fits. */
    private static final List<TestDevice> CONVOLUTIONS = Stream.of(
                    "patches", "shifted", "winograd", "positions", "channels")
            .map(algorithm -> new TestDevice(
                    "cpu, Vector API, " + algorithm,
                    false,
                    () -> SharingCpu.open(2, Vectorization.VECTOR_API, algorithm)))
            .toList();

    private TestDevices() {}

    /**
     * All of them: the CPU with the Vector API and without, OpenCL with the kernels for GPUs and with those for CPU
     * devices.
     */
    public static List<TestDevice> all() {
        return ALL;
    }

    /** The same, and the reference. */
    public static List<TestDevice> withReference() {
        return WITH_REFERENCE;
    }

    /**
     * For each set of CPU kernels the device with one thread, and then devices that share even the smallest work among
     * more: their results have the same bits.
     */
    public static List<List<TestDevice>> threadCounts() {
        return THREAD_COUNTS;
    }

    /** CPU devices each of which takes another algorithm of convolutions, of any direction, wherever it fits. */
    public static List<TestDevice> convolutions() {
        return CONVOLUTIONS;
    }

    private static TestDevice cpu(String name, boolean required, int threads, Vectorization vectorization) {
        return new TestDevice(name, required, () -> SharingCpu.open(threads, vectorization));
    }

    private static TestDevice openCl(KernelShape shape) {
        return new TestDevice("opencl, " + shape, Boolean.getBoolean("striate.test.requireOpenCl"), () -> {
            BackendProvider.Probe probe = new OpenClProvider().probe();
            if (probe.devices().isEmpty()) {
                throw new DeviceException(String.valueOf(probe.absence()));
            }
            return OpenClBackend.open(0, shape);
        });
    }
}
