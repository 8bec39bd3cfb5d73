package dev.striate.backend;

/**
 * An element-wise function with its constants.
 *
 * @param kind the function
 * @param a    its first constant, or 0
 * @param b    its second constant, or 0
 */
public record UnaryFunction(Kind kind, double a, double b) {

    public static final UnaryFunction RELU = new UnaryFunction(Kind.RELU, 0, 0);

    /**
     * Returns {@code x^a}. Unlike {@link Math#pow}, but as in IEEE 754, OpenCL and PyTorch, 1 to the power of anything
     * is 1, and -1 to an infinite power is too.
     */
    public static double pow(double x, double a) {
        return x == 1 || x == -1 && Double.isInfinite(a) ? 1 : Math.pow(x, a);
    }

    /** Returns the value in double precision. */
    public double value(double x) {
        return kind.value.at(x, a, b);
    }

    /**
     * Returns the derivative in double precision.
     *
     * @param saved x or y, as {@link Kind#saves} specifies, or anything if it specifies neither
     */
    public double derivative(double saved) {
        return kind.derivative.at(saved, a, b);
    }

    /** A function of x with constants a and b. */
    private interface Formula {
        double at(double x, double a, double b);
    }

    /**
     * A function: the value from which its derivative is computed, and the formulas of both, which the reference
     * evaluates as they stand here. The other backends have an expression of the same name.
     */
    public enum Kind {
        /** {@code a x + b}. */
        AFFINE(Saves.NOTHING, (x, a, b) -> a * x + b, (x, a, b) -> a),
        /** {@code e^x}. */
        EXP(Saves.OUTPUT, (x, a, b) -> Math.exp(x), (y, a, b) -> y),
        /** Natural logarithm. */
        LOG(Saves.INPUT, (x, a, b) -> Math.log(x), (x, a, b) -> 1 / x),
        /** Square root. */
        SQRT(Saves.OUTPUT, (x, a, b) -> Math.sqrt(x), (y, a, b) -> 1 / (2 * y)),
        /** {@link #pow x^a}. */
        POW(Saves.INPUT, (x, a, b) -> pow(x, a), (x, a, b) -> a == 0 ? 0 : a * pow(x, a - 1)),
        /** {@code |x|}; derivative 0 at 0. */
        ABS(Saves.INPUT, (x, a, b) -> Math.abs(x), (x, a, b) -> Math.signum(x)),
        /** {@code min(max(x, a), b)}; NaN remains NaN. */
        CLAMP(Saves.INPUT, (x, a, b) -> Math.min(Math.max(x, a), b), (x, a, b) -> a <= x && x <= b ? 1 : 0),
        /** {@code max(x, 0)}; NaN remains NaN. */
        RELU(Saves.OUTPUT, (x, a, b) -> Math.max(x, 0), (y, a, b) -> y > 0 ? 1 : 0),
        /** {@code x} if {@code x > 0}, otherwise {@code a x}. */
        LEAKY_RELU(Saves.INPUT, (x, a, b) -> x > 0 ? x : a * x, (x, a, b) -> x > 0 ? 1 : a),
        /** {@code x} if {@code x > 0}, otherwise {@code a (e^x - 1)}. */
        ELU(Saves.INPUT, (x, a, b) -> x > 0 ? x : a * Math.expm1(x), (x, a, b) -> x > 0 ? 1 : a * Math.exp(x)),
        /** {@code 1/(1 + e^-x)}. */
        SIGMOID(Saves.OUTPUT, (x, a, b) -> sigmoid(x), (y, a, b) -> y * (1 - y)),
        /** {@code x/(1 + e^-x)}. */
        SILU(Saves.INPUT, (x, a, b) -> x * sigmoid(x), (x, a, b) -> sigmoid(x) * (1 + x * sigmoid(-x))),
        /** {@code min(max(x + 3, 0), 6) / 6}; derivative 0 at -3 and 3. */
        HARD_SIGMOID(Saves.INPUT, (x, a, b) -> hardSigmoid(x), (x, a, b) -> -3 < x && x < 3 ? 1.0 / 6 : 0),
        /** {@code x min(max(x + 3, 0), 6) / 6}; derivative 0 at -3 and 1 at 3. */
        HARD_SWISH(
                Saves.INPUT, (x, a, b) -> x * hardSigmoid(x), (x, a, b) -> x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6),
        /** {@code log(1 + e^x)}. */
        SOFTPLUS(Saves.INPUT, (x, a, b) -> softplus(x), (x, a, b) -> sigmoid(x)),
        /** {@code x tanh(log(1 + e^x))}. */
        MISH(
                Saves.INPUT,
                (x, a, b) -> x * Math.tanh(softplus(x)),
                (x, a, b) -> Math.tanh(softplus(x)) + x * (1 - square(Math.tanh(softplus(x)))) * sigmoid(x)),
        /** Hyperbolic tangent. */
        TANH(Saves.OUTPUT, (x, a, b) -> Math.tanh(x), (y, a, b) -> 1 - y * y),
        /** {@code x F(x)} with the normal distribution function F (exact, with erf). */
        GELU(
                Saves.INPUT,
                (x, a, b) -> x * Normal.distribution(x),
                (x, a, b) -> Normal.distribution(x) + x * Normal.density(x));

        private final Saves saves;
        private final Formula value;
        private final Formula derivative;

        Kind(Saves saves, Formula value, Formula derivative) {
            this.saves = saves;
            this.value = value;
            this.derivative = derivative;
        }

        /** The argument {@code saved} of {@link UnaryKernels#gradient}. */
        public Saves saves() {
            return saves;
        }

        private static double sigmoid(double x) {
            return 1 / (1 + Math.exp(-x));
        }

        private static double hardSigmoid(double x) {
            return Math.min(Math.max(x + 3, 0), 6) / 6;
        }

        /** Without an overflow on the right, and without losing e^x beside 1 on the left. */
        private static double softplus(double x) {
            return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
        }

        private static double square(double x) {
            return x * x;
        }
    }

    /** The value from which a derivative is computed. */
    public enum Saves {
        /** The derivative is a constant. */
        NOTHING,
        /** The argument x of the function. */
        INPUT,
        /** The value y of the function. */
        OUTPUT
    }
}
