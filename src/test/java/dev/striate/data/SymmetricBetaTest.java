package dev.striate.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SymmetricBetaTest {

    private static final int DRAWS = 100_000;

    /** Six standard errors of the estimates: a correct sampler fails once in 5e8 seeds. */
    @ParameterizedTest
    @ValueSource(doubles = {0.05, 0.2, 0.5, 0.99, 1, 2, 10, 1000})
    void meanAndVarianceAreThoseOfTheDistribution(double alpha) {
        double variance = 1 / (4 * (2 * alpha + 1));
        double fourthMoment = variance * variance * (3 - 6 / (2 * alpha + 3));
        double sum = 0;
        double squares = 0;
        for (double value : draws(alpha)) {
            sum += value - 0.5;
            squares += (value - 0.5) * (value - 0.5);
        }
        assertEquals(0, sum / DRAWS, 6 * Math.sqrt(variance / DRAWS));
        assertEquals(variance, squares / DRAWS, 6 * Math.sqrt((fourthMoment - variance * variance) / DRAWS));
    }

    @Test
    void followsTheDistributionFunction() {
        assertFollows(0.5, x -> 2 / Math.PI * Math.asin(Math.sqrt(x)));
        assertFollows(1, x -> x);
        assertFollows(2, x -> x * x * (3 - 2 * x));
        assertFollows(3, x -> x * x * x * (10 - 15 * x + 6 * x * x));
    }

    /**
     * By Dvoretzky, Kiefer, Wolfowitz and Massart: the empirical distribution function is further away than d with a
     * probability of at most {@code 2 exp(-2 n d^2)}, here 1e-9. The steps of the uniform numbers, 2^-24, are far below
     * d.
     */
    private static void assertFollows(double alpha, DoubleUnaryOperator distribution) {
        double[] sorted = draws(alpha);
        Arrays.sort(sorted);
        double bound = Math.sqrt(Math.log(2e9) / (2.0 * DRAWS));
        for (int i = 0; i < DRAWS; i++) {
            double expected = distribution.applyAsDouble(sorted[i]);
            assertEquals((double) i / DRAWS, expected, bound, "alpha " + alpha);
            assertEquals((i + 1.0) / DRAWS, expected, bound, "alpha " + alpha);
        }
    }

    /** Both gamma numbers would underflow or overflow. */
    @Test
    void extremeParametersGiveNumbersInRange() {
        int zeros = 0;
        for (double value : draws(Float.MIN_VALUE)) {
            assertTrue(value == 0 || value == 1, "" + value);
            zeros += value == 0 ? 1 : 0;
        }
        assertEquals(DRAWS / 2.0, zeros, 6 * Math.sqrt(DRAWS / 4.0));
        for (double value : draws(Float.MAX_VALUE)) {
            assertEquals(0.5, value, 1e-9);
        }
    }

    /** One stream per number, as for batches. */
    private static double[] draws(double alpha) {
        double[] values = new double[DRAWS];
        Arrays.setAll(values, i -> SymmetricBeta.draw(alpha, new Draws(3, i / 100, i % 100)));
        return values;
    }
}
