package dev.striate.backend.cpu;

import dev.striate.DeviceException;
import dev.striate.DeviceInfo;
import dev.striate.backend.Backend;
import dev.striate.backend.BackendProvider;
import dev.striate.backend.cpu.simd.SimdKernels;
import dev.striate.backend.cpu.simd.VectorApi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/** The CPU is always there, and there is one of it. */
public final class CpuProvider implements BackendProvider {

    private static final String KIND = "cpu";
    private static final String THREADS_PROPERTY = "striate.threads";
    private static final int MOST_THREADS = 1024;
    private static final AtomicBoolean LOGGED = new AtomicBoolean();

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public Probe probe() {
        SimdKernels vectorized = VectorApi.vectorized();
        int threads = Runtime.getRuntime().availableProcessors();
        return new Probe(
                List.of(describe(threads, vectorized == null ? VectorApi.plain() : vectorized)), null, List.of());
    }

    @Override
    public int threads(int asked) {
        return resolveThreads(asked);
    }

    @Override
    public Backend open(int ordinal, int threads) {
        if (ordinal != 0) {
            throw new DeviceException("cpu:" + ordinal + " does not exist: the only CPU device is cpu:0");
        }
        if (VectorApi.vectorized() == null && LOGGED.compareAndSet(false, true)) {
            System.getLogger(CpuProvider.class.getName())
                    .log(
                            System.Logger.Level.WARNING,
                            "cpu: runs in plain Java, several times slower: " + VectorApi.absence());
        }
        return CpuBackend.open(threads, Vectorization.BEST);
    }

    /** What {@link DeviceInfo} says of a CPU that works with these kernels. */
    static DeviceInfo describe(int threads, SimdKernels simd) {
        String detail = (threads == 1 ? "1 thread, " : threads + " threads, ") + simd.description();
        if (!simd.isVectorized() && VectorApi.absence() != null) {
            detail += " (" + VectorApi.absence() + ")";
        }
        String platform = "Java " + System.getProperty("java.version") + ", " + System.getProperty("java.vendor");
        return new DeviceInfo(
                KIND, 0, Model.NAME, platform, null, "CPU", Runtime.getRuntime().maxMemory(), detail);
    }

    /** The number of threads to use, where 0 asks for the default. */
    static int resolveThreads(int threads) {
        String source = "threads";
        String asked = Integer.toString(threads);
        if (threads == 0) {
            String property = System.getProperty(THREADS_PROPERTY);
            if (property == null) {
                return Runtime.getRuntime().availableProcessors();
            }
            source = "system property " + THREADS_PROPERTY;
            asked = property;
        }
        int count;
        try {
            count = Integer.parseInt(asked.trim());
        } catch (NumberFormatException e) {
            count = 0;
        }
        if (count < 1 || count > MOST_THREADS) {
            throw new DeviceException(
                    "cpu: " + source + " is " + asked + "; expected a number from 1 to " + MOST_THREADS);
        }
        return count;
    }

    /** Read once: the processor does not change. */
    private static final class Model {

        static final String NAME = read();

        private static String read() {
            try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
                return lines.filter(line -> line.startsWith("model name"))
                        .map(line -> line.substring(line.indexOf(':') + 1).trim())
                        .findFirst()
                        .orElseGet(Model::architecture);
            } catch (IOException | RuntimeException e) {
                // Only Linux has this file.
                return architecture();
            }
        }

        private static String architecture() {
            return System.getProperty("os.arch");
        }
    }
}
