package dev.striate.backend.cpu.simd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.striate.backend.Pool2dGeometry;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The scalar loops give the very bits of the vectorized ones, for the change from one to the other must not show. */
@Tag("vectors")
class ScalarKernelsTest {

    private static final float[] SPECIAL = {
        Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 0f, -0f, Float.MIN_VALUE, -Float.MAX_VALUE
    };

    private final SimdKernels vectorized = VectorApi.vectorized();
    private final Random random = new Random(7);

    private interface Call {
        void run(SimdKernels kernels, float[] a, float[] b, float[] y);
    }

    private void assertSameBits(int length, Call call) {
        assertNotNull(vectorized, VectorApi.absence());
        float[][] expected = {values(length), values(length), values(length)};
        float[][] actual = {expected[0].clone(), expected[1].clone(), expected[2].clone()};
        call.run(vectorized, expected[0], expected[1], expected[2]);
        call.run(VectorApi.plain(), actual[0], actual[1], actual[2]);
        for (int i = 0; i < actual.length; i++) {
            assertArrayEquals(bits(expected[i]), bits(actual[i]));
        }
    }

    private float[] values(int length) {
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] =
                    random.nextInt(50) == 0 ? SPECIAL[random.nextInt(SPECIAL.length)] : (float) random.nextGaussian();
        }
        return values;
    }

    /** Every NaN is the same one: its payload is nobody's business. */
    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToIntBits(values[i]);
        }
        return bits;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2, 4, 18, 256})
    void tile(int depth) {
        int rows = vectorized.products().tileRows();
        int columns = vectorized.products().tileColumns();
        assertEquals(rows, VectorApi.plain().products().tileRows());
        int length = 3 + Math.max(depth, rows) * (Math.max(columns, rows) + 1);
        for (int height : new int[] {rows, 4}) {
            assertSameBits(
                    length, (k, a, b, y) -> k.products().tile(height, depth, a, 1, b, 2, b, 1, 0, y, 3, columns + 1));
            assertSameBits(
                    length,
                    (k, a, b, y) -> k.products().tile(height, depth, a, 1, b, 2, y, 3, columns + 1, y, 3, columns + 1));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 9, 150})
    void convolutionTile(int depth) {
        int[] starts = random.ints(depth + 1, 0, 60).toArray();
        for (int rows = 1; rows <= 16; rows++) {
            int height = vectorized.convolution().tileRows(rows);
            int columns = vectorized.convolution().tileColumns(height);
            int length = 64 + Math.max(depth, height + 1) * Math.max(height, columns + 1);
            assertSameBits(
                    length,
                    (k, a, b, y) ->
                            k.convolution().tile(height, depth, a, 1, b, 2, starts, 1, y, 3, columns + 1, false, b, 4));
            assertSameBits(
                    length,
                    (k, a, b, y) ->
                            k.convolution().tile(height, depth, a, 1, b, 2, starts, 1, y, 3, columns + 1, true, b, 4));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 8, 9, 16, 21})
    void winogradCombinations(int tiles) {
        int lanes = vectorized.winograd().lanes();
        int planes = WinogradKernels.PLANES;
        int planeStep = 6 * tiles + lanes + 3;
        int length = planes * planeStep + 14 * (2 * tiles + 5) + lanes;
        // What vectors write beyond the last line is nobody's, nor are the elements of tiles that are not there.
        assertSameBits(length, (k, a, b, y) -> {
            k.winograd().combineInput(3, tiles, a, 1, 2 * tiles + 4, y, 2, planeStep);
            for (int plane = 0; plane < planes; plane++) {
                Arrays.fill(y, 2 + plane * planeStep + 6 * tiles, Math.min(length, 2 + (plane + 1) * planeStep), 0f);
            }
            Arrays.fill(y, 2 + (planes - 1) * planeStep + 6 * tiles, length, 0f);
        });
        for (int width = 2 * tiles - 1; width <= 2 * tiles; width++) {
            for (int lines = 9; lines <= 12; lines++) {
                int yWidth = width;
                int yLines = lines;
                assertSameBits(
                        length,
                        (k, a, b, y) -> k.winograd()
                                .combineOutput(
                                        3,
                                        tiles,
                                        a,
                                        1,
                                        planeStep,
                                        b[0],
                                        y,
                                        3,
                                        yLines,
                                        yWidth,
                                        new float[k.winograd().outputScratch(3, tiles)]));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void winogradCombinationsOfChannels(int tiles) {
        int lanes = vectorized.winograd().lanes();
        for (int vectors = 1; vectors <= 3; vectors++) {
            int channels = vectors * lanes;
            int lineStep = (2 * tiles + 2) * channels + 3;
            int planeStep = tiles * channels + 5;
            assertSameBits(
                    16 * planeStep + 4 * lineStep,
                    (k, a, b, y) ->
                            k.winograd().combineInputChannels(tiles, channels, a, 1, lineStep, y, 2, planeStep));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 13, 15, 16, 17, 32, 41})
    void winogradCombinationsOfTheGradient(int width) {
        int lanes = vectorized.winograd().lanes();
        int lines = 3;
        int planeStep = lines * (width / lanes + 1) * vectorized.winograd().gradientRows() * lanes + 3;
        int length = 1 + 8 * planeStep + 2 * lines * width + lanes;
        for (int dLines = 2 * lines - 1; dLines <= 2 * lines; dLines++) {
            int height = dLines;
            assertSameBits(
                    length, (k, a, b, y) -> k.winograd().combineGradient(lines, a, 1, height, width, y, 2, planeStep));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 9, 150})
    void winogradGradientTile(int depth) {
        int rows = vectorized.winograd().gradientRows();
        int columns = vectorized.winograd().tileColumns();
        int[] starts = random.ints(depth + 1, 0, 60).toArray();
        int length = 65 + rows * Math.max(vectorized.winograd().lanes(), columns + 1) + depth * (columns + 3);
        for (boolean add : new boolean[] {false, true}) {
            assertSameBits(
                    length,
                    (k, a, b, y) ->
                            k.winograd().gradientTile(depth, a, 1, starts, b, 2, columns + 3, y, 3, columns + 1, add));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 9, 150})
    void winogradTile(int depth) {
        int rows = vectorized.winograd().tileRows();
        int columns = vectorized.winograd().tileColumns();
        int length = 5 + Math.max(depth, rows) * (columns + 3);
        assertSameBits(length, (k, a, b, y) -> {
            long[] pairs = new long[1 + depth * rows];
            for (int i = 1; i < pairs.length; i++) {
                pairs[i] = (long) Float.floatToRawIntBits(a[i]) << 32 | Float.floatToRawIntBits(b[i]) & 0xFFFFFFFFL;
            }
            k.winograd().tile(depth, pairs, 1, b, 2, columns + 3, y, 3, columns + 1);
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 16, 32, 50, 207})
    void dots(int n) {
        int step = n + 1;
        for (int lines = 0; lines <= 6; lines++) {
            int count = lines;
            assertSameBits(
                    6 * step + 8,
                    (k, a, b, y) -> k.products()
                            .dots(
                                    count,
                                    n,
                                    finite(a),
                                    1,
                                    finite(b),
                                    2,
                                    step,
                                    y,
                                    3,
                                    new float[2 * k.products().tileColumns()]));
        }
    }

    /** How many lines a call has must not show either: threads divide them. */
    @ParameterizedTest
    @ValueSource(ints = {3, 16, 32, 50, 207})
    void aDotProductIsTheSameInAnyCompany(int n) {
        for (SimdKernels kernels : new SimdKernels[] {vectorized, VectorApi.plain()}) {
            float[] a = finite(values(n));
            float[] b = finite(values(7 * n));
            float[] accumulator = new float[2 * kernels.products().tileColumns()];
            float[] together = new float[7];
            kernels.products().dots(7, n, a, 0, b, 0, n, together, 0, accumulator);
            for (int line = 0; line < together.length; line++) {
                float[] alone = new float[1];
                kernels.products().dots(1, n, a, 0, b, line * n, n, alone, 0, accumulator);
                assertEquals(together[line], alone[0]);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 9, 150})
    void convolutionTileOfTwoPlaces(int depth) {
        int[] starts = random.ints(depth + 1, 0, 60).toArray();
        for (int rows = 1; rows <= 16; rows++) {
            int height = vectorized.convolution().tileRows(rows);
            int half = vectorized.convolution().halfColumns(height);
            int stride = 2 * half + 5;
            int length = 128 + Math.max(depth, height + 1) * Math.max(height, stride);
            for (boolean add : new boolean[] {false, true}) {
                assertSameBits(
                        length,
                        (k, a, b, y) -> k.convolution()
                                .tile(height, depth, a, 1, b, 70, -7, starts, 1, y, 3, stride, half + 2, add, b, 4));
                assertSameBits(
                        length,
                        (k, a, b, y) -> k.convolution()
                                .tile(height, depth, a, 1, b, 2, 0, starts, 1, y, 3, stride, 0, add, b, 4));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 7, 8, 13, 16, 17, 28, 32, 33, 70})
    void frames(int width) {
        int count = 3;
        for (int left = 0; left <= Math.min(width, 2); left++) {
            for (int right = 0; right <= Math.min(width - left, 2); right++) {
                for (int pixelStep = 1; pixelStep <= 2; pixelStep++) {
                    int line = pixelStep * width;
                    ConvKernels.Frame frame =
                            new ConvKernels.Frame(6, width, 1, 4, left, width - right, line, pixelStep);
                    // From the very first element of the source to the very last.
                    int channelStep = 3 * line;
                    int length = count * channelStep;
                    int from = -left * pixelStep;
                    assertSameBits(length, (k, a, b, y) -> {
                        float[] target = new float[1 + count * 6 * width + 64];
                        k.convolution().copyFrames(frame, count, a, from, channelStep, target, 1);
                        System.arraycopy(target, 1, y, 0, count * 3 * width);
                        System.arraycopy(target, 1 + count * 3 * width, b, 0, count * 3 * width);
                    });
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 8, 15, 16, 17, 31, 32, 47, 50})
    void linesPackedAcross(int length) {
        for (int lines : new int[] {1, 2, 4, 6, 7, 8, 9, 16, 17, 32, 39, 48}) {
            for (int targetStep : new int[] {lines, lines + 3}) {
                assertSameBits(
                        2 + lines * (length + 1) + length * targetStep,
                        (k, a, b, y) -> k.convolution().packAcross(lines, length, a, 1, length + 1, y, 2, targetStep));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 7, 8, 13, 16, 17, 28, 33})
    void shiftedLines(int length) {
        for (int count = 1; count <= 6; count++) {
            for (int xLength : new int[] {Math.max(1, length - count + 1), length}) {
                int[] shifts = random.ints(count, -count, count).toArray();
                int[] masks = vectorized.convolution().shiftMasks(length, xLength, shifts);
                int lines = 7;
                int step = lines * xLength + 2;
                // Nothing may be written from the end of the output on.
                int end = 5 + lines * length;
                assertSameBits(
                        end + count * step + 200,
                        (k, a, b, y) -> k.convolution()
                                .addShifted(lines, length, a, 50, xLength, step, shifts, masks, 0.5f, y, 5, end));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 9})
    void dotTile(int vectors) {
        DotTiles tiles = vectorized.dotTiles();
        int positions = vectors * tiles.lanes();
        int[] starts = random.ints(6, 0, 60).toArray();
        for (int rows = 1; rows <= 12; rows++) {
            int height = tiles.tileRows(rows);
            int live = Math.min(rows, height);
            int length = 64 + height * (positions + 3 + tiles.tileTaps(height) * tiles.lanes());
            assertSameBits(
                    length,
                    (k, a, b, y) ->
                            k.dotTiles().tile(height, positions, a, 1, live, positions + 3, b, 2, starts, 1, y, 3));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 16, 207})
    void elementwise(int n) {
        assertSameBits(n + 3, (k, a, b, y) -> k.elementwise().add(n, a, 1, b, 2, y, 3));
        assertSameBits(n + 3, (k, a, b, y) -> k.elementwise().multiply(n, a, 1, b, 2, y, 3));
        assertSameBits(n + 3, (k, a, b, y) -> k.elementwise().addScaled(n, 0.3f, a, 1, y, 3));
        assertSameBits(n + 3, (k, a, b, y) -> k.elementwise().scaleAndShift(n, a, 1, 0.2f, 1.7f, -0.4f, y, 3));
        assertSameBits(n + 3, (k, a, b, y) -> k.elementwise().relu(n, a, 1, y, 3));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8, 16, 31, 64, 100, 225, 256, 257, 1000})
    void sumOfRuns(int n) {
        for (int runs : new int[] {0, 1, 3, 4, 5, 16, 23, 90}) {
            assertSameBits(
                    8 + runs * (n + 2),
                    (k, a, b, y) -> keep(k.reductions().sumRuns(runs, n, n + 2, finite(a), 1, accumulator(k)), y));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 8, 15, 31, 207, 1023, 2100})
    void reductions(int n) {
        ElementwiseKernels.AdamFactors factors =
                new ElementwiseKernels.AdamFactors(0.9f, 0.1f, 0.99f, 0.01f, 0.1f, 0.5f, 1e-8f, 0.1f, 0.9f);
        assertSameBits(n + 8, (k, a, b, y) -> keep(k.reductions().sum(n, finite(a), 1, accumulator(k)), y));
        assertSameBits(n + 8, (k, a, b, y) -> {
            ReductionKernels.Accumulator accumulator = accumulator(k);
            keep(k.reductions().sumOfSquares(n, finite(a), 1, 0.3, accumulator), y);
            keep(accumulator.sum(), b);
        });
        assertSameBits(n + 8, (k, a, b, y) -> {
            ReductionKernels.Accumulator accumulator = accumulator(k);
            k.reductions().sumAndDot(n, finite(a), 1, 0.3, finite(b), 2, accumulator);
            keep(accumulator.sum(), y);
            keep(accumulator.dot(), b);
        });
        assertSameBits(
                n + 8, (k, a, b, y) -> k.elementwise().normGradient(n, a, 1, 0.1f, b, 2, 0.7f, 0.2f, 0.3f, y, 3));
        assertSameBits(n + 8, (k, a, b, y) -> k.elementwise().descend(n, 0.1f, 0.01f, a, 1, y, 2));
        assertSameBits(n + 8, (k, a, b, y) -> {
            k.elementwise().descendWithMomentum(n, 0.1f, 0.01f, 0.9f, 0.8f, true, a, 1, b, 2, y, 3);
            k.elementwise().descendWithMomentum(n, 0.1f, 0.01f, 0.9f, 0.8f, false, a, 1, b, 2, y, 3);
        });
        assertSameBits(n + 8, (k, a, b, y) -> k.elementwise().adam(n, factors, finite(a), 1, b, 2, a, 3, y, 4));
        assertSameBits(4 * 9 * (n + 1), (k, a, b, y) -> {
            int[] indices = new int[2 * 4 * n + 1];
            k.reductions().maxPool2x2(Pool2dGeometry.twoByTwo(2, 9, n), 2, a, 1, y, 2, indices, 1);
            for (int i = 0; i < 2 * 4 * (n / 2); i++) {
                y[y.length / 2 + i] = indices[1 + i];
            }
        });
    }

    private static ReductionKernels.Accumulator accumulator(SimdKernels kernels) {
        return kernels.reductions().accumulator();
    }

    /** Sums of infinities are all NaN: they would compare nothing. */
    private static float[] finite(float[] values) {
        float[] finite = values.clone();
        for (int i = 0; i < finite.length; i++) {
            finite[i] = Math.abs(finite[i]) < 100 ? finite[i] : 1f;
        }
        return finite;
    }

    private static void keep(double value, float[] y) {
        long bits = Double.doubleToLongBits(value);
        y[0] = (int) (bits >>> 48);
        y[1] = (int) (bits >>> 24) & 0xffffff;
        y[2] = (int) bits & 0xffffff;
    }
}
