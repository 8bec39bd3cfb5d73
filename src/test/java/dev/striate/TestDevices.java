package dev.striate;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.striate.backend.Backend;
import dev.striate.backend.BackendProvider;
import dev.striate.backend.cpu.CpuBackend;
import dev.striate.backend.cpu.Vectorization;
import dev.striate.backend.opencl.KernelShape;
import dev.striate.backend.opencl.OpenClBackend;
import dev.striate.backend.opencl.OpenClProvider;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The devices that tests hold against the reference: each backend, with each set of kernels that it has. */
public final class TestDevices {

    /**
     * A device that is opened once, on first use. Where there is none, a test that asks for it is skipped with the reason; with
     * {@code -Dstriate.test.requireOpenCl=true} a missing OpenCL device fails it instead.
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
            if (device == null && absence == null) {
                try {
                    device = Device.of(name, backend.get());
                } catch (DeviceException e) {
                    absence = e;
                }
            }
            if (device != null) {
                return device;
            }
            return required ? fail(name, absence) : abort(name + ": " + absence.getMessage());
        }
    }

    private static final TestDevice CPU = new TestDevice("cpu", true, () -> CpuBackend.open(2, Vectorization.BEST));
    private static final TestDevice CPU_ONE_THREAD = new TestDevice("cpu, 1 thread", true, () -> CpuBackend.open(1, Vectorization.BEST));
    private static final TestDevice CPU_VECTOR_API =
            new TestDevice("cpu, Vector API", false, () -> CpuBackend.open(2, Vectorization.VECTOR_API));
    private static final TestDevice CPU_PLAIN = new TestDevice("cpu, plain", true, () -> CpuBackend.open(2, Vectorization.PLAIN));
    private static final TestDevice CPU_PLAIN_ONE_THREAD =
            new TestDevice("cpu, plain, 1 thread", true, () -> CpuBackend.open(1, Vectorization.PLAIN));

    private static final List<TestDevice> ALL =
            List.of(CPU_VECTOR_API, CPU_PLAIN, openCl(KernelShape.TILED), openCl(KernelShape.VECTOR));

    private TestDevices() {}

    /** All of them: the CPU with the Vector API and without, OpenCL with the kernels for GPUs and with those for CPU devices. */
    public static List<TestDevice> all() {
        return ALL;
    }

    /** Pairs of devices that differ only in the number of threads, 1 and 2. */
    public static List<List<TestDevice>> threadPairs() {
        return List.of(List.of(CPU_ONE_THREAD, CPU), List.of(CPU_PLAIN_ONE_THREAD, CPU_PLAIN));
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
