package dev.striate.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.DeviceException;
import dev.striate.backend.Backend;
import dev.striate.backend.Buffer;
import dev.striate.backend.Tuning;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The search for the best parameters. */
class OpenClTunerTest {

    private static final int N = 100;

    /** The settings of the convolutions with the largest tiles. */
    private static final String CONV2D =
            "LARGE_TILE=128 TILE_K=64 BLOCK_ROWS=4 SPLIT_GROUPS=64 SPLIT_PIXELS=256 DIRECT_CHANNELS=0";

    @TempDir
    Path directory;

    private final Map<String, Tuning.Trial> trials = new LinkedHashMap<>();
    private final List<Tuning.Trial> notConfirmed = new ArrayList<>();
    private final Map<String, String> best = new LinkedHashMap<>();

    /** What a work has taken by the test's own clock. */
    private double elapsed;

    /** Each value of each parameter must build, and compute what the default computes. */
    @Tag("slow")
    @ParameterizedTest
    @EnumSource(KernelShape.class)
    void everyValueIsRight(KernelShape shape) {
        try (OpenClBackend backend = new OpenClBackend(new OpenClRuntime(
                OpenClDevice.require(),
                shape,
                new OpenClProgramCache(null),
                OpenClRuntime.Limits.of(OpenClDevice.require())))) {
            OpenClParameters parameters = backend.runtime().parameters();
            for (OpenClFamily family : OpenClFamily.values()) {
                for (OpenClTuningWork work : smallWorks(family)) {
                    parameters.set(OpenClParameters.initial(shape));
                    try (OpenClTuningWork.Prepared prepared = work.prepare(backend)) {
                        for (OpenClParameter parameter : family.parameters(shape)) {
                            for (int value : parameter.choices(shape)) {
                                Map<OpenClParameter, Integer> values = OpenClParameters.initial(shape);
                                values.put(parameter, value);
                                takeLargeTilesAlways(values);
                                parameters.set(values);
                                prepared.run();
                                assertTrue(prepared.isRight(), () -> work.name() + " " + values);
                            }
                        }
                    }
                }
            }
        }
    }

    /** Some leave tiles half full. */
    private static List<OpenClTuningWork> smallWorks(OpenClFamily family) {
        return switch (family) {
            case MATMUL ->
                List.of(
                        OpenClTuningWork.product(65, 70, 33, false, true),
                        OpenClTuningWork.product(17, 131, 300, true, false),
                        OpenClTuningWork.product(1, 3, 5, false, false));
            case CONV2D ->
                Stream.concat(
                                OpenClTuningWork.convolution(3, 5, 33, 3, 9, 1).stream(),
                                OpenClTuningWork.convolution(3, 5, 7, 3, 9, 1).stream())
                        .toList();
            case LINEAR -> List.of(OpenClTuningWork.linearGradients(33, 70, 35));
            case REDUCE -> List.of(OpenClTuningWork.sum(3, 5000));
            case POOL -> List.of(OpenClTuningWork.pooling(1, 3, 7));
            case ELEMENTS -> List.of(OpenClTuningWork.addition(1000));
        };
    }

    /** Otherwise they would need large sizes. */
    private static void takeLargeTilesAlways(Map<OpenClParameter, Integer> values) {
        values.computeIfPresent(
                OpenClParameter.MATMUL_SMALL_TILE,
                (small, value) -> value == 32 ? values.get(OpenClParameter.MATMUL_LARGE_TILE) : value);
        values.computeIfPresent(
                OpenClParameter.CONV2D_SMALL_TILE,
                (small, value) -> value == 32 ? values.get(OpenClParameter.CONV2D_LARGE_TILE) : value);
    }

    @Test
    void theFastestWinsAndIsKept() {
        search(only(
                OpenClFamily.CONV2D,
                (backend, x, y) ->
                        take(backend, y, value(backend, OpenClParameter.CONV2D_LARGE_TILE) == 128 ? 0.5 : 1)));
        assertEquals(CONV2D, best.get("conv2d"));
        assertEquals(0.5, trials.get(CONV2D).time());
        // What comes after builds on what was found.
        assertTrue(trials.containsKey(CONV2D.replace("TILE_K=64", "TILE_K=32")), trials.keySet()::toString);
        Map<OpenClParameter, Integer> kept = file().load().values();
        assertEquals(128, kept.get(OpenClParameter.CONV2D_LARGE_TILE));
        assertEquals(64, kept.get(OpenClParameter.MATMUL_LARGE_TILE), "families without a gain keep what they have");
        assertFalse(best.containsKey("reduce"), "there is only one value to try");
    }

    /** Otherwise a search, and every start after it, would build them again. */
    @Test
    void parametersOnlyForLaunchersAreNotMacros() {
        OpenClParameters parameters = OpenClParameters.of(OpenClDevice.require(), KernelShape.VECTOR);
        Map<OpenClParameter, Integer> values = OpenClParameters.initial(KernelShape.VECTOR);
        parameters.set(values);
        assertArrayEquals(new String[] {"TILE_K=64", "BLOCK_ROWS=4"}, parameters.macros("conv2d"));
        assertArrayEquals(new String[] {"TEAM=1", "PIXELS=0"}, parameters.macros("norm_pool"));
        assertArrayEquals(new String[0], parameters.macros("binary"));
        values.put(OpenClParameter.CONV2D_TILE_K, 32);
        parameters.set(values);
        assertArrayEquals(new String[] {"TILE_K=32", "BLOCK_ROWS=4"}, parameters.macros("conv2d"));
    }

    @Test
    void aGainOfAPercentIsNone() {
        search(only(
                OpenClFamily.MATMUL,
                (backend, x, y) ->
                        take(backend, y, value(backend, OpenClParameter.MATMUL_LARGE_TILE) == 128 ? 0.99 : 1)));
        assertEquals("LARGE_TILE=64 TILE_K=64 BLOCK_ROWS=4", best.get("matmul"));
    }

    @Test
    void aFastCandidateWithWrongResultsIsOut() {
        search(only(OpenClFamily.MATMUL, (backend, x, y) -> {
            boolean wrong = value(backend, OpenClParameter.MATMUL_LARGE_TILE) == 128;
            take(backend, y, wrong ? 0.1 : 1);
            backend.kernels().copy().fill(wrong ? 3 : 2, y);
        }));
        assertEquals(
                "wrong results in test",
                trials.get("LARGE_TILE=128 TILE_K=64 BLOCK_ROWS=4").failure());
        assertEquals("LARGE_TILE=64 TILE_K=64 BLOCK_ROWS=4", best.get("matmul"));
    }

    @Test
    void aCandidateThatFailsIsOut() {
        search(only(OpenClFamily.MATMUL, (backend, x, y) -> {
            if (value(backend, OpenClParameter.MATMUL_LARGE_TILE) == 32) {
                throw new DeviceException("the build failed\nwith a log");
            }
            take(backend, y, 1);
        }));
        assertEquals(
                "the build failed",
                trials.get("LARGE_TILE=32 TILE_K=64 BLOCK_ROWS=4").failure());
        assertNull(trials.get("LARGE_TILE=128 TILE_K=64 BLOCK_ROWS=4").failure());
        assertEquals("LARGE_TILE=64 TILE_K=64 BLOCK_ROWS=4", best.get("matmul"));
    }

    /** What was slow at first and never again: the second measurement shows that nothing is gained. */
    @Test
    void aWinByChanceIsFoundOut() {
        int[] calls = {0};
        search(only(OpenClFamily.MATMUL, (backend, x, y) -> take(backend, y, ++calls[0] < 8 ? 1 : 0.1)));
        assertTrue(trials.values().stream().anyMatch(trial -> trial.time() < 0.5), trials::toString);
        assertEquals(1, notConfirmed.size());
        assertEquals(1, notConfirmed.get(0).time(), 1e-9);
        assertEquals("LARGE_TILE=64 TILE_K=64 BLOCK_ROWS=4", best.get("matmul"));
    }

    /** The families before it are kept, as by Ctrl-C. */
    @Test
    void aSearchThatIsBrokenOffKeepsWhatItHasFound() {
        assertThrows(
                IllegalStateException.class,
                () -> search((family, shape, quick) -> {
                    if (family == OpenClFamily.CONV2D) {
                        throw new IllegalStateException("broken off");
                    }
                    return List.of(work((backend, x, y) ->
                            take(backend, y, value(backend, OpenClParameter.MATMUL_LARGE_TILE) == 32 ? 0.5 : 1)));
                }));
        assertEquals(matmul(32), file().load().values());
    }

    @Test
    void theDevicesClockRuns() {
        OpenClRuntime runtime = new OpenClRuntime(
                OpenClDevice.require(),
                KernelShape.VECTOR,
                new OpenClProgramCache(null),
                OpenClRuntime.Limits.of(OpenClDevice.require()),
                OpenClParameters.of(OpenClDevice.require(), KernelShape.VECTOR),
                true);
        try (OpenClBackend backend = new OpenClBackend(runtime);
                OpenClTuningWork.Prepared work =
                        OpenClTuningWork.addition(1 << 16).prepare(backend)) {
            runtime.takeKernelSeconds();
            assertEquals(0, runtime.takeKernelSeconds());
            work.run();
            work.run();
            double seconds = runtime.takeKernelSeconds();
            assertTrue(seconds > 0 && seconds < 10, "" + seconds);
        }
    }

    @Test
    void theStateSaysWhetherADeviceIsTuned() {
        OpenClTuner tuner = tuner((family, shape, quick) -> List.of());
        assertTrue(tuner.state().startsWith("none"), tuner.state());
        file().store(matmul(32));
        assertTrue(tuner.state().matches("tuned on \\d{4}-\\d\\d-\\d\\d"), tuner.state());
        file().store(matmul(64));
        assertTrue(tuner.state().matches("tuned on [-0-9]{10}; the defaults are the fastest"), tuner.state());
    }

    @Test
    void anOpenDeviceUsesWhatIsKept() {
        String before = System.setProperty(OpenClTuningFile.PROPERTY, directory.toString());
        try {
            file().store(matmul(32));
            try (OpenClBackend backend = OpenClBackend.open(0, KernelShape.VECTOR)) {
                assertEquals(32, value(backend, OpenClParameter.MATMUL_LARGE_TILE));
                assertEquals(64, value(backend, OpenClParameter.CONV2D_LARGE_TILE));
            }
        } finally {
            System.setProperty(OpenClTuningFile.PROPERTY, String.valueOf(before));
        }
    }

    private OpenClTuner.Works only(OpenClFamily wanted, OpenClTuningWork.Call call) {
        return (family, shape, quick) ->
                List.of(work(family == wanted ? call : (backend, x, y) -> take(backend, y, 1)));
    }

    private static OpenClTuningWork work(OpenClTuningWork.Call call) {
        return new OpenClTuningWork("test", 1, new int[] {N}, N, call);
    }

    private void take(Backend backend, Buffer target, double seconds) {
        backend.kernels().copy().fill(2, target);
        elapsed += seconds;
    }

    private double takeElapsed(OpenClRuntime runtime) {
        runtime.takeKernelSeconds();
        double taken = elapsed;
        elapsed = 0;
        return taken;
    }

    private static Map<OpenClParameter, Integer> matmul(int largeTile) {
        return Map.of(
                OpenClParameter.MATMUL_LARGE_TILE,
                largeTile,
                OpenClParameter.MATMUL_TILE_K,
                64,
                OpenClParameter.MATMUL_BLOCK_ROWS,
                4);
    }

    private static int value(Backend backend, OpenClParameter parameter) {
        return ((OpenClBackend) backend).runtime().parameters().get(parameter);
    }

    private OpenClTuningFile file() {
        return OpenClTuningFile.in(directory, OpenClDevice.require(), KernelShape.VECTOR);
    }

    private OpenClTuner tuner(OpenClTuner.Works works) {
        return new OpenClTuner(OpenClDevice.require(), KernelShape.VECTOR, file(), works, this::takeElapsed);
    }

    private void search(OpenClTuner.Works works) {
        tuner(works).search(true, new Tuning.Listener() {
            @Override
            public void started(String kernels, String settings, int most) {}

            @Override
            public void tried(Tuning.Trial trial) {
                trials.merge(trial.settings(), trial, (one, other) -> one);
            }

            @Override
            public void notConfirmed(Tuning.Trial trial) {
                notConfirmed.add(trial);
            }

            @Override
            public void finished(String kernels, String settings, double time) {
                best.put(kernels, settings);
            }
        });
    }
}
