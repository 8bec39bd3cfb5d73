package dev.striate.backend.cpu.simd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The scalar loops give the very bits of the vectorized ones, for the change from one to the other must not show. */
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
        call.run(new ScalarKernels(vectorized), actual[0], actual[1], actual[2]);
        for (int i = 0; i < actual.length; i++) {
            assertArrayEquals(bits(expected[i]), bits(actual[i]));
        }
    }

    private float[] values(int length) {
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = random.nextInt(50) == 0 ? SPECIAL[random.nextInt(SPECIAL.length)] : (float) random.nextGaussian();
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
    @ValueSource(ints = {0, 1, 2, 17, 256})
    void tile(int depth) {
        int rows = vectorized.tileRows();
        int columns = vectorized.tileColumns();
        assertEquals(rows, new ScalarKernels(vectorized).tileRows());
        int length = 3 + Math.max(depth, rows) * (columns + 1);
        assertSameBits(length, (k, a, b, y) -> k.tile(depth, a, 1, b, 2, y, 3, columns + 1, false));
        assertSameBits(length, (k, a, b, y) -> k.tile(depth, a, 1, b, 2, y, 3, columns + 1, true));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 9, 150})
    void convolutionTile(int depth) {
        int[] starts = random.ints(depth + 1, 0, 60).toArray();
        for (int rows = 1; rows <= 16; rows++) {
            int height = vectorized.convolution().tileRows(rows);
            int columns = vectorized.convolution().tileColumns(height);
            int length = 64 + Math.max(depth, height + 1) * Math.max(height, columns + 1);
            assertSameBits(length, (k, a, b, y) ->
                    k.convolution().tile(height, depth, a, 1, b, 2, starts, 1, y, 3, columns + 1, false, b, 4));
            assertSameBits(length, (k, a, b, y) ->
                    k.convolution().tile(height, depth, a, 1, b, 2, starts, 1, y, 3, columns + 1, true, b, 4));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 16, 207})
    void elementwise(int n) {
        assertSameBits(n + 3, (k, a, b, y) -> y[0] = k.dot(n, finite(a), 1, finite(b), 2, new float[64]));
        assertSameBits(n + 3, (k, a, b, y) -> k.add(n, a, 1, b, 2, y, 3));
        assertSameBits(n + 3, (k, a, b, y) -> k.multiply(n, a, 1, b, 2, y, 3));
        assertSameBits(n + 3, (k, a, b, y) -> k.addScaled(n, 0.3f, a, 1, y, 3));
        assertSameBits(n + 3, (k, a, b, y) -> k.scaleAndShift(n, a, 1, 0.2f, 1.7f, -0.4f, y, 3));
        assertSameBits(n + 3, (k, a, b, y) -> k.relu(n, a, 1, y, 3));
        assertSameBits(n + 3, (k, a, b, y) -> k.reluGradient(n, a, 1, b, 2, y, 3));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 8, 15, 31, 207, 1023, 2100})
    void flat(int n) {
        FlatKernels.AdamFactors factors = new FlatKernels.AdamFactors(0.9f, 0.1f, 0.99f, 0.01f, 0.1f, 0.5f, 1e-8f, 0.1f, 0.9f);
        assertSameBits(n + 8, (k, a, b, y) -> keep(k.flat().sum(n, finite(a), 1, room(k)), y));
        assertSameBits(n + 8, (k, a, b, y) -> {
            double[] room = room(k);
            keep(k.flat().sumOfSquares(n, finite(a), 1, 0.3, room), y);
            keep(room[0], b);
        });
        assertSameBits(n + 8, (k, a, b, y) -> {
            double[] room = room(k);
            k.flat().sumAndDot(n, finite(a), 1, 0.3, finite(b), 2, room);
            keep(room[0], y);
            keep(room[1], b);
        });
        assertSameBits(n + 8, (k, a, b, y) -> k.flat().normGradient(n, a, 1, 0.1f, b, 2, 0.7f, 0.2f, 0.3f, y, 3));
        assertSameBits(n + 8, (k, a, b, y) -> k.flat().descend(n, 0.1f, 0.01f, a, 1, y, 2));
        assertSameBits(n + 8, (k, a, b, y) -> {
            k.flat().descendWithMomentum(n, 0.1f, 0.01f, 0.9f, 0.8f, true, a, 1, b, 2, y, 3);
            k.flat().descendWithMomentum(n, 0.1f, 0.01f, 0.9f, 0.8f, false, a, 1, b, 2, y, 3);
        });
        assertSameBits(n + 8, (k, a, b, y) -> k.flat().adam(n, factors, finite(a), 1, b, 2, a, 3, y, 4));
        assertSameBits(4 * 9 * (n + 1), (k, a, b, y) -> {
            int[] indices = new int[2 * 4 * n + 1];
            k.flat().maxPool2x2(2, 9, n, 4, n / 2, a, 1, y, 2, indices, 1);
            for (int i = 0; i < 2 * 4 * (n / 2); i++) {
                y[y.length / 2 + i] = indices[1 + i];
            }
        });
    }

    private static double[] room(SimdKernels kernels) {
        return new double[kernels.flat().room()];
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
