package dev.striate.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Device;
import dev.striate.Scope;
import dev.striate.Tensor;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Division by a number, which is a product. */
class DivTest {

    /** Half an ulp for the product, one for what the rounding of the reciprocal makes of it. */
    private static final double ULPS = 1.5;

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void quotientsAreWithinTheirBound(Device device) {
        float[] values = {
            3,
            -7,
            10,
            0.1f,
            1e-30f,
            0x1p-126f,
            0x1p-127f,
            -0x1p-128f,
            1e-39f,
            Float.MIN_VALUE,
            0x1.fp126f,
            3e38f,
            -Float.MAX_VALUE
        };
        Random random = new Random(1);
        for (float value : values) {
            float[] x = new float[1000];
            for (int i = 0; i < x.length; i++) {
                // Both x and the quotient are normal numbers.
                x[i] = Math.min(Math.max(Math.abs(value), Float.MIN_NORMAL), 0x1p126f) * (1 + random.nextFloat());
            }
            try (Scope scope = Scope.open()) {
                float[] y = Tensor.of(device, x).div(value).toFloatArray();
                for (int i = 0; i < x.length; i++) {
                    double exact = (double) x[i] / value;
                    assertTrue(
                            Math.abs(y[i] - exact) <= ULPS * Math.ulp((float) exact),
                            x[i] + " / " + value + " gave " + y[i] + ", expected " + exact);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void specialNumbersAreDividedAsByIeee754(Device device) {
        float inf = Float.POSITIVE_INFINITY;
        float[] x = {0, -0f, 1, -1, inf, -inf, Float.NaN};
        for (float value : new float[] {0, -0f, 1, -3, inf, -inf, Float.NaN, Float.MIN_VALUE, -Float.MAX_VALUE}) {
            float[] expected = new float[x.length];
            for (int i = 0; i < x.length; i++) {
                expected[i] = x[i] / value;
            }
            // Quotients that are no normal numbers may be flushed to zero.
            expected[2] = Math.abs(value) > 0x1p126f ? 0 / value : expected[2];
            expected[3] = Math.abs(value) > 0x1p126f ? -0f / value : expected[3];
            try (Scope scope = Scope.open()) {
                float[] y = Tensor.of(device, x).div(value).toFloatArray();
                y[2] = Math.abs(y[2]) < Float.MIN_NORMAL ? Math.copySign(0, y[2]) : y[2];
                y[3] = Math.abs(y[3]) < Float.MIN_NORMAL ? Math.copySign(0, y[3]) : y[3];
                assertArrayEquals(expected, y, "by " + value);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.striate.PresentDevices#all")
    void productsKeepTheSignOfZero(Device device) {
        try (Scope scope = Scope.open()) {
            Tensor zeros = Tensor.of(device, 0, -0f);
            assertArrayEquals(new float[] {-0f, 0}, zeros.neg().toFloatArray());
            assertArrayEquals(new float[] {0, -0f}, zeros.mul(2).toFloatArray());
            assertArrayEquals(new float[] {-0f, 0}, zeros.mul(-2).toFloatArray());
        }
    }
}
