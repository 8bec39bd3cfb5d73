package dev.striate.backend;

/** The standard normal distribution and its error function, to within a few units of the last place of a double. */
final class Normal {

    /** Below this the series is quick and exact, above it the continued fraction converges fast enough. */
    private static final double CROSSOVER = 1.5;

    /** Enough for {@code x >= CROSSOVER}: the fraction's error shrinks like {@code exp(-2 x sqrt(2 terms))}. */
    private static final int FRACTION_TERMS = 120;

    private static final double SQRT_PI = Math.sqrt(Math.PI);

    private Normal() {}

    /** The probability of a value up to x. */
    static double distribution(double x) {
        return erfc(-x / Math.sqrt(2)) / 2;
    }

    static double density(double x) {
        return Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
    }

    /** {@code 2/sqrt(pi)} times the integral of {@code e^(-t^2)} from 0 to x. */
    static double erf(double x) {
        double magnitude = Math.abs(x);
        return magnitude < CROSSOVER ? series(x) : Math.signum(x) * (1 - fraction(magnitude));
    }

    /** {@code 1 - erf(x)}, without cancellation where that is small. */
    static double erfc(double x) {
        if (Math.abs(x) < CROSSOVER) {
            return 1 - series(x);
        }
        return x < 0 ? 2 - fraction(-x) : fraction(x);
    }

    /**
     * Abramowitz and Stegun 7.1.6, whose terms all have one sign:
     * {@code erf(x) = 2/sqrt(pi) e^(-x^2) sum(2^n x^(2n+1) / (1 3 5 ... (2n+1)))}.
     */
    private static double series(double x) {
        double term = x;
        double sum = x;
        for (int n = 1; Math.abs(term) > Math.ulp(sum) / 8; n++) {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        return 2 / SQRT_PI * Math.exp(-x * x) * sum;
    }

    /**
     * Abramowitz and Stegun 7.1.14, from its tail:
     * {@code erfc(x) = e^(-x^2)/sqrt(pi) / (x + (1/2)/(x + (2/2)/(x + (3/2)/...)))}.
     */
    private static double fraction(double x) {
        double denominator = x;
        for (int n = FRACTION_TERMS; n >= 1; n--) {
            denominator = x + n / 2.0 / denominator;
        }
        return Math.exp(-x * x) / SQRT_PI / denominator;
    }
}
