package dev.striate.backend.cpu;

/** The standard normal distribution, well beyond the precision of a float. */
final class NormalDistribution {

    private static final double SQRT_2PI = Math.sqrt(2 * Math.PI);
    /** Where the series becomes slower than the continued fraction. */
    private static final double CROSSOVER = 2.5;
    /** At the crossover these terms leave a relative error near 1e-12, further out less. */
    private static final int FRACTION_TERMS = 40;

    private NormalDistribution() {}

    static double density(double x) {
        return Math.exp(-0.5 * x * x) / SQRT_2PI;
    }

    /** The probability of a value up to x; its small values on the far left are relatively exact too. */
    static double distribution(double x) {
        double distance = Math.abs(x);
        if (distance < CROSSOVER) {
            return 0.5 + density(x) * series(x);
        }
        double tail = density(x) / fraction(distance);
        return x < 0 ? tail : 1 - tail;
    }

    /** {@code x + x^3/3 + x^5/(3 5) + ...} (Abramowitz and Stegun 26.2.11), all terms of one sign. */
    private static double series(double x) {
        double square = x * x;
        double term = x;
        double sum = x;
        for (int odd = 3; Math.abs(term) > 1e-13 * Math.abs(sum); odd += 2) {
            term *= square / odd;
            sum += term;
        }
        return sum;
    }

    /** {@code x + 1/(x + 2/(x + 3/(x + ...)))} (Abramowitz and Stegun 26.2.14), from its tail. */
    private static double fraction(double x) {
        double value = x;
        for (int term = FRACTION_TERMS; term >= 1; term--) {
            value = x + term / value;
        }
        return value;
    }
}
