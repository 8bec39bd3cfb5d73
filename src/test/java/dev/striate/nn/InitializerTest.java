package dev.striate.nn;

import static dev.striate.WindowOption.groups;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.striate.Device;
import dev.striate.Generator;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class InitializerTest {

    private static final int N = 20_000;
    private static final int FAN_IN = 50;
    private static final int FAN_OUT = 30;

    static Stream<Arguments> uniform() {
        return Stream.of(
                arguments(Initializer.PYTORCH_DEFAULT, 1 / Math.sqrt(FAN_IN)),
                arguments(Initializer.HE_UNIFORM, Math.sqrt(6.0 / FAN_IN)),
                arguments(Initializer.GLOROT_UNIFORM, Math.sqrt(6.0 / (FAN_IN + FAN_OUT))));
    }

    @ParameterizedTest
    @MethodSource("uniform")
    void uniformValuesFillTheirRange(Initializer initializer, double bound) {
        float[] values = initializer.values(new Generator(3), N, FAN_IN, FAN_OUT);
        float greatest = 0;
        for (float value : values) {
            greatest = Math.max(greatest, Math.abs(value));
        }
        assertTrue(greatest <= (float) bound);
        // That all of them stay this far inside has a probability of e^-20.
        assertTrue(greatest > bound * (1 - 20.0 / N));
        // The fourth moment of a uniform distribution is 9/5 of its variance squared.
        checkMoments(values, bound / Math.sqrt(3), 9.0 / 5);
    }

    static Stream<Arguments> normal() {
        return Stream.of(
                arguments(Initializer.HE_NORMAL, Math.sqrt(2.0 / FAN_IN)),
                arguments(Initializer.GLOROT_NORMAL, Math.sqrt(2.0 / (FAN_IN + FAN_OUT))));
    }

    @ParameterizedTest
    @MethodSource("normal")
    void normalValuesHaveTheirDeviation(Initializer initializer, double deviation) {
        checkMoments(initializer.values(new Generator(3), N, FAN_IN, FAN_OUT), deviation, 3);
    }

    /** Mean and variance within five deviations of their estimators. */
    private static void checkMoments(float[] values, double deviation, double kurtosis) {
        double sum = 0;
        double squares = 0;
        for (float value : values) {
            sum += value;
            squares += (double) value * value;
        }
        double variance = deviation * deviation;
        assertEquals(0, sum / N, 5 * deviation / Math.sqrt(N));
        assertEquals(variance, squares / N, 5 * variance * Math.sqrt((kurtosis - 1) / N));
    }

    @Test
    void constantsAreConstant() {
        assertArrayEquals(new float[] {0, 0}, Initializer.ZEROS.values(new Generator(1), 2, 1, 1));
        assertArrayEquals(new float[] {1, 1}, Initializer.ONES.values(new Generator(1), 2, 1, 1));
    }

    @Test
    void layersGiveTheirFans() {
        Initializer fans = (generator, n, fanIn, fanOut) -> {
            float[] values = new float[n];
            Arrays.fill(values, 1000 * fanIn + fanOut);
            return values;
        };
        Stream.of(
                        arguments(new Linear(5, 7).initializer(fans, fans), 5007),
                        arguments(new Conv2d(4, 6, 3, 2).initializer(fans, fans), 24_036),
                        arguments(new Conv2d(4, 6, 3, 2, groups(2)).initializer(fans, fans), 12_036),
                        // As in PyTorch, where fan-in is counted along the weight's second axis.
                        arguments(new ConvTranspose2d(4, 6, 3, 2).initializer(fans, fans), 36_024))
                .forEach(pair -> {
                    try (Block layer = (Block) pair.get()[0]) {
                        layer.initialize(Device.reference(), new Generator(1));
                        layer.parameters()
                                .forEach((name, tensor) ->
                                        assertEquals((int) pair.get()[1], tensor.toFloatArray()[0], name));
                    }
                });
    }

    @Test
    void theBiasBeginsAsPyTorchsUnlessAnInitializerIsSet() {
        try (Linear plain = new Linear(4, 3);
                Linear he = new Linear(4, 3).initializer(Initializer.HE_NORMAL)) {
            plain.initialize(Device.reference(), new Generator(1));
            he.initialize(Device.reference(), new Generator(1));
            for (float value : plain.parameters().get("bias").toFloatArray()) {
                assertTrue(value != 0 && Math.abs(value) <= .5f);
            }
            assertArrayEquals(new float[3], he.parameters().get("bias").toFloatArray());
        }
    }
}
