package dev.striate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GeneratorTest {

    private static final int N = 100_000;

    @Test
    void equalSeedsGiveEqualDraws() {
        Generator one = new Generator(7);
        Generator two = new Generator(7);
        assertArrayEquals(one.uniform(5, 0, 1), two.uniform(5, 0, 1));
        assertArrayEquals(one.normal(5), two.normal(5));
        assertArrayEquals(one.permutation(5), two.permutation(5));
        assertFalse(Arrays.equals(one.normal(5), one.normal(5)));
        assertFalse(Arrays.equals(new Generator(7).normal(5), new Generator(8).normal(5)));
    }

    @Test
    void aDrawDoesNotDependOnTheSizeOfThoseBefore() {
        Generator one = new Generator(7);
        Generator two = new Generator(7);
        one.normal(3);
        two.normal(1000);
        assertArrayEquals(one.uniform(9, 0, 1), two.uniform(9, 0, 1));
        // And a longer one begins as a shorter one.
        assertArrayEquals(new Generator(7).normal(5), Arrays.copyOf(new Generator(7).normal(50), 5));
    }

    @Test
    void aGeneratorGoesBackToAStream() {
        Generator generator = new Generator(5);
        generator.normal(3);
        float[] drawn = generator.normal(7);
        generator.stream(1);
        assertArrayEquals(drawn, generator.normal(7));
    }

    @Test
    void aGeneratorGoesOnFromItsStream() {
        Generator one = new Generator(7);
        one.normal(3);
        assertEquals(1, one.stream());
        assertEquals(1, one.nextStream());
        Generator two = new Generator(one.seed(), one.stream());
        assertArrayEquals(one.normal(3), two.normal(3));
    }

    @Test
    void uniformValuesStayBelowTheUpperEnd() {
        // Near 100 a float has steps of 2^-17, so about four of these round up to 101.
        for (float value : new Generator(1).uniform(1 << 20, 100, 101)) {
            assertTrue(value >= 100 && value < 101, () -> "got " + value);
        }
    }

    @Test
    void whatCannotBeDrawnIsRefused() {
        Generator generator = new Generator(1);
        assertEquals(
                "Generator: expected a count of 0 or more, got -1",
                assertThrows(StriateException.class, () -> generator.uniform(-1, 0, 1))
                        .getMessage());
        assertThrows(StriateException.class, () -> generator.normal(-1));
        assertThrows(StriateException.class, () -> generator.permutation(-1));
        float[][] ranges = {
            {1, 0},
            {Float.NaN, 1},
            {0, Float.NaN},
            {0, Float.POSITIVE_INFINITY},
            {Float.NEGATIVE_INFINITY, 0},
            {-Float.MAX_VALUE, Float.MAX_VALUE}
        };
        for (float[] range : ranges) {
            assertEquals(
                    "Generator: expected finite bounds low <= high with a finite difference, got " + range[0] + " and "
                            + range[1],
                    assertThrows(StriateException.class, () -> generator.uniform(2, range[0], range[1]))
                            .getMessage());
        }
        assertEquals(0, generator.stream());
        assertArrayEquals(new float[] {3, 3}, generator.uniform(2, 3, 3));
        assertEquals(0, generator.normal(0).length);
    }

    @Test
    void uniformValuesHaveTheirMoments() {
        float[] values = new Generator(1).uniform(N, -1, 1);
        // E x^2 = 1/3, its variance 1/5 - 1/9; E x = 0; bounds of five deviations.
        assertEquals(0, mean(values, x -> x), 5 * Math.sqrt(1.0 / 3 / N));
        assertEquals(1.0 / 3, mean(values, x -> x * x), 5 * Math.sqrt(4.0 / 45 / N));
    }

    @Test
    void normalValuesHaveTheirMoments() {
        float[] values = new Generator(1).normal(N);
        // The variances of x, x^2, x^3 and x^4 are 1, 2, 15 and 96.
        assertEquals(0, mean(values, x -> x), 5 * Math.sqrt(1.0 / N));
        assertEquals(1, mean(values, x -> x * x), 5 * Math.sqrt(2.0 / N));
        assertEquals(0, mean(values, x -> x * x * x), 5 * Math.sqrt(15.0 / N));
        assertEquals(3, mean(values, x -> x * x * x * x), 5 * Math.sqrt(96.0 / N));
        // The two halves of a Box-Muller pair do not go together.
        double products = 0;
        for (int i = 0; i < N; i += 2) {
            products += (double) values[i] * values[i + 1];
        }
        assertEquals(0, products / (N / 2), 5 * Math.sqrt(2.0 / N));
    }

    private static double mean(float[] values, DoubleUnaryOperator f) {
        return IntStream.range(0, values.length)
                        .mapToDouble(i -> f.applyAsDouble(values[i]))
                        .sum()
                / values.length;
    }

    @Test
    void permutationsHoldEveryNumberOnce() {
        for (int n : new int[] {0, 1, 2, 7, 100}) {
            int[] order = new Generator(n).permutation(n);
            assertArrayEquals(
                    IntStream.range(0, n).toArray(),
                    Arrays.stream(order).sorted().toArray());
        }
    }

    @Test
    void allPermutationsAreEquallyLikely() {
        Generator generator = new Generator(3);
        int[] counts = new int[6];
        int draws = 6000;
        for (int i = 0; i < draws; i++) {
            int[] order = generator.permutation(3);
            counts[order[0] * 2 + (order[1] > order[2] ? 1 : 0)]++;
        }
        for (int count : counts) {
            assertEquals(draws / 6.0, count, 5 * Math.sqrt(draws * (1.0 / 6) * (5.0 / 6)));
        }
    }
}
