package dev.striate.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.striate.backend.Backend;
import dev.striate.backend.BatchNorm2dGeometry;
import dev.striate.backend.Buffer;
import dev.striate.backend.IndexBuffer;
import dev.striate.backend.NormGradients;
import dev.striate.backend.NormParameters;
import dev.striate.backend.NormStatistics;
import dev.striate.backend.Pool2dGeometry;
import dev.striate.backend.RunningStatistics;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Normalisation and pooling at once leave the bits that they leave one after the other, but for the order of sums in
 * gradients; and the same bits with any number of threads.
 */
class CpuNormPoolTest {

    private static final List<List<Backend>> BACKENDS = Stream.of(Vectorization.VECTOR_API, Vectorization.PLAIN)
            .map(kind -> Stream.of(1, 2, 3)
                    .map(threads -> (Backend) CpuBackend.open(threads, kind, 0, null))
                    .toList())
            .toList();

    /** @param window of batch times channels planes */
    record Case(int batch, int channels, Pool2dGeometry window) {}

    static Stream<Case> cases() {
        return Stream.of(
                // Many planes at a time, and the last of them.
                new Case(2, 7, window(2 * 7, 30, 30, 15, 15, 2, 2, 0, 1)),
                new Case(3, 50, window(3 * 50, 13, 13, 6, 6, 2, 2, 0, 1)),
                new Case(2, 3, window(2 * 3, 4, 4, 2, 2, 2, 2, 0, 1)),
                // One at a time.
                new Case(2, 3, window(2 * 3, 70, 71, 35, 35, 2, 2, 0, 1)),
                // Windows that overlap, stand out, leave pixels out, or of which some or all hold none.
                new Case(3, 5, window(3 * 5, 11, 9, 6, 5, 3, 2, 1, 1)),
                new Case(2, 5, window(2 * 5, 9, 11, 3, 3, 2, 4, 0, 1)),
                new Case(2, 2, window(2 * 2, 5, 2, 6, 3, 2, 1, 2, 3)),
                new Case(2, 2, window(2 * 2, 5, 1, 6, 2, 2, 1, 2, 3)));
    }

    private static Pool2dGeometry window(
            int planes,
            int height,
            int width,
            int outHeight,
            int outWidth,
            int kernel,
            int stride,
            int padding,
            int dilation) {
        return new Pool2dGeometry(
                planes, height, width, outHeight, outWidth, kernel, kernel, stride, stride, padding, padding, padding,
                padding, dilation, dilation);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void trainingIsTheSame(Case wanted) {
        forEach((backend, relu, atOnce) -> new Run(backend, wanted).train(atOnce, relu));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void inferenceIsTheSame(Case wanted) {
        forEach((backend, relu, atOnce) -> new Run(backend, wanted).infer(atOnce, relu));
    }

    private interface Results {
        Result of(Backend backend, boolean relu, boolean atOnce);
    }

    /** What is to have the same bits, and the gradients. */
    private record Result(List<int[]> bits, List<float[]> gradients) {}

    private static void forEach(Results results) {
        for (List<Backend> counts : BACKENDS) {
            for (boolean relu : new boolean[] {false, true}) {
                Result apart = results.of(counts.get(0), relu, false);
                Result first = results.of(counts.get(0), relu, true);
                for (int i = 0; i < apart.gradients.size(); i++) {
                    assertClose(apart.gradients.get(i), first.gradients.get(i), "gradient " + i);
                }
                for (Backend backend : counts) {
                    Result atOnce = results.of(backend, relu, true);
                    assertSame(apart.bits, atOnce.bits, backend);
                    assertSame(
                            first.gradients.stream().map(CpuNormPoolTest::bits).toList(),
                            atOnce.gradients.stream().map(CpuNormPoolTest::bits).toList(),
                            backend);
                }
            }
        }
    }

    private static void assertSame(List<int[]> expected, List<int[]> actual, Backend backend) {
        assertEquals(expected.size(), actual.size());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(
                    expected.get(i),
                    actual.get(i),
                    "result " + i + " on " + backend.info().detail());
        }
    }

    /** Sums and what is made of them, so a small one of large parts is as close as these. */
    private static void assertClose(float[] expected, float[] actual, String what) {
        float largest = 0;
        for (float value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        assertArrayEquals(expected, actual, 2e-6f * largest, what);
    }

    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return bits;
    }

    /** Calls on fresh buffers, full of NaN: so is what a call forgets to write. */
    private static final class Run {

        private final Backend backend;
        private final BatchNorm2dGeometry g;
        private final Pool2dGeometry window;
        private final Random random = new Random(4);
        private final Buffer x;
        private final NormParameters parameters;
        private final Buffer normalised;
        private final Buffer y;
        private final IndexBuffer indices;
        private final int outputs;

        Run(Backend backend, Case wanted) {
            this.backend = backend;
            this.window = wanted.window;
            this.g =
                    new BatchNorm2dGeometry(wanted.batch, wanted.channels, window.inHeight() * window.inWidth(), 1e-5f);
            this.outputs = window.planes() * window.outHeight() * window.outWidth();
            this.x = random(window.planes() * g.plane());
            this.parameters = new NormParameters(random(g.channels()), random(g.channels()));
            this.normalised = empty(window.planes() * g.plane());
            this.y = empty(outputs);
            this.indices = backend.allocateIndices(outputs);
        }

        Result train(boolean atOnce, boolean relu) {
            NormStatistics statistics = new NormStatistics(true, empty(g.channels()), empty(g.channels()));
            RunningStatistics running = new RunningStatistics(0.3f, random(g.channels()), random(g.channels()));
            if (atOnce) {
                Objects.requireNonNull(backend.kernels().normPool())
                        .forwardTraining(g, window, x, parameters, relu, y, indices, statistics, running);
            } else {
                backend.kernels()
                        .batchNorm2d()
                        .forwardTraining(g, x, parameters, false, normalised, statistics, running);
                backend.kernels().maxPool2d().forward(window, normalised, relu, y, indices);
            }
            return new Result(
                    List.of(
                            bits(values(y)),
                            places(),
                            bits(values(statistics.mean())),
                            bits(values(statistics.spread())),
                            bits(values(running.mean())),
                            bits(values(running.variance()))),
                    gradients(atOnce, statistics));
        }

        Result infer(boolean atOnce, boolean relu) {
            NormStatistics statistics = new NormStatistics(false, random(g.channels()), empty(g.channels()));
            backend.kernels().copy().fill(1.7f, statistics.spread());
            if (atOnce) {
                Objects.requireNonNull(backend.kernels().normPool())
                        .forwardInference(g, window, x, parameters, statistics, relu, y, indices);
            } else {
                backend.kernels().batchNorm2d().forwardInference(g, x, parameters, statistics, false, normalised);
                backend.kernels().maxPool2d().forward(window, normalised, relu, y, indices);
            }
            return new Result(List.of(bits(values(y)), places()), gradients(atOnce, statistics));
        }

        private List<float[]> gradients(boolean atOnce, NormStatistics statistics) {
            Buffer dy = random(outputs);
            NormGradients all =
                    new NormGradients(empty(window.planes() * g.plane()), empty(g.channels()), empty(g.channels()));
            NormGradients onlyShift = new NormGradients(null, null, empty(g.channels()));
            Buffer spread = empty(window.planes() * g.plane());
            backend.kernels().maxPool2d().gradient(window, dy, indices, spread);
            for (NormGradients wanted : List.of(all, onlyShift)) {
                if (atOnce) {
                    Objects.requireNonNull(backend.kernels().normPool())
                            .gradient(g, window, x, parameters.gamma(), statistics, dy, indices, wanted);
                } else {
                    backend.kernels().batchNorm2d().gradient(g, x, parameters.gamma(), statistics, spread, wanted);
                }
            }
            return Stream.of(all.dx(), all.dgamma(), all.dbeta(), onlyShift.dbeta())
                    .map(buffer -> values(Objects.requireNonNull(buffer)))
                    .toList();
        }

        private Buffer random(int n) {
            float[] values = new float[n];
            for (int i = 0; i < n; i++) {
                values[i] = (float) random.nextGaussian();
            }
            Buffer buffer = backend.allocate(n);
            backend.write(values, 0, buffer);
            return buffer;
        }

        private Buffer empty(int n) {
            Buffer buffer = backend.allocate(n);
            backend.kernels().copy().fill(Float.NaN, buffer);
            return buffer;
        }

        private float[] values(Buffer buffer) {
            float[] values = new float[buffer.length()];
            backend.read(buffer, values, 0);
            return values;
        }

        private int[] places() {
            int[] places = new int[outputs];
            backend.read(indices, places, 0);
            return places;
        }
    }
}
