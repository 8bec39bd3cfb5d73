package dev.striate.backend;

/**
 * A function applied to each element, with its constants.
 *
 * @param kind which function
 * @param a    its first constant, or 0
 * @param b    its second constant, or 0
 */
public record UnaryFunction(Kind kind, double a, double b) {

    public static final UnaryFunction RELU = new UnaryFunction(Kind.RELU, 0, 0);

    /** A function and what its derivative is computed from. */
    public enum Kind {
        /** {@code a x + b}; derivative {@code a}. */
        AFFINE(Saves.NOTHING),
        /** {@code e^x}; derivative {@code y}. */
        EXP(Saves.OUTPUT),
        /** Natural logarithm; derivative {@code 1/x}. */
        LOG(Saves.INPUT),
        /** Square root; derivative {@code 1/(2y)}. */
        SQRT(Saves.OUTPUT),
        /** {@code x^a}; derivative {@code a x^(a-1)}, and 0 where {@code a} is 0. */
        POW(Saves.INPUT),
        /** {@code |x|}; derivative the sign of x, 0 at 0. */
        ABS(Saves.INPUT),
        /** {@code min(max(x, a), b)}; derivative 1 where {@code a <= x <= b}, else 0. NaN stays NaN. */
        CLAMP(Saves.INPUT),
        /** {@code max(x, 0)}, NaN stays NaN; derivative 1 where {@code y > 0}, else 0. */
        RELU(Saves.OUTPUT),
        /** {@code x} where {@code x > 0}, else {@code a x}; derivative 1 or a. */
        LEAKY_RELU(Saves.INPUT),
        /** {@code x} where {@code x > 0}, else {@code a (e^x - 1)}; derivative 1 or {@code a e^x}. */
        ELU(Saves.INPUT),
        /** {@code 1/(1 + e^-x)}; derivative {@code y (1 - y)}. */
        SIGMOID(Saves.OUTPUT),
        /** Hyperbolic tangent; derivative {@code 1 - y^2}. */
        TANH(Saves.OUTPUT),
        /** {@code x F(x)} with the normal distribution function F (exact, by erf); derivative {@code F(x) + x f(x)}. */
        GELU(Saves.INPUT);

        private final Saves saves;

        Kind(Saves saves) {
            this.saves = saves;
        }

        /** What {@link UnaryKernels#gradient} is given as {@code saved}. */
        public Saves saves() {
            return saves;
        }
    }

    /** What a derivative is computed from. */
    public enum Saves {
        /** The derivative is a constant. */
        NOTHING,
        /** The function's argument x. */
        INPUT,
        /** The function's value y. */
        OUTPUT
    }
}
