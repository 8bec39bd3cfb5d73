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
        float[] a = values(length);
        float[] b = values(length);
        float[] expected = values(length);
        float[] actual = expected.clone();
        call.run(vectorized, a, b, expected);
        call.run(new ScalarKernels(vectorized.tileColumns()), a, b, actual);
        assertArrayEquals(bits(expected), bits(actual));
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
        assertEquals(rows, new ScalarKernels(columns).tileRows());
        int length = 3 + Math.max(depth, rows) * (columns + 1);
        assertSameBits(length, (k, a, b, y) -> k.tile(depth, a, 1, b, 2, y, 3, columns + 1, false));
        assertSameBits(length, (k, a, b, y) -> k.tile(depth, a, 1, b, 2, y, 3, columns + 1, true));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5})
    void packing(int count) {
        int columns = vectorized.tileColumns();
        int[] starts = random.ints(columns + 6, 0, 40).toArray();
        assertSameBits(columns * 8 + 50, (k, a, b, y) -> k.copyRuns(count, a, 3, starts, 1, y, 2));
        assertSameBits(columns * 8 + 50, (k, a, b, y) -> k.gather(count, a, 3, starts, 1, y, 2));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 16, 207})
    void elementwise(int n) {
        assertSameBits(n + 3, (k, a, b, y) -> k.add(n, a, 1, b, 2, y, 3));
        assertSameBits(n + 3, (k, a, b, y) -> k.multiply(n, a, 1, b, 2, y, 3));
        assertSameBits(n + 3, (k, a, b, y) -> k.addScaled(n, 0.3f, a, 1, y, 3));
        assertSameBits(n + 3, (k, a, b, y) -> k.scaleAndShift(n, a, 1, 0.2f, 1.7f, -0.4f, y, 3));
        assertSameBits(n + 3, (k, a, b, y) -> k.relu(n, a, 1, y, 3));
        assertSameBits(n + 3, (k, a, b, y) -> k.reluGradient(n, a, 1, b, 2, y, 3));
    }
}
