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

    /** A function, and the value from which its derivative is computed. */
    public enum Kind {
        /** {@code a x + b}; derivative {@code a}. */
        AFFINE(Saves.NOTHING),
        /** {@code e^x}; derivative {@code y}. */
        EXP(Saves.OUTPUT),
        /** Natural logarithm; derivative {@code 1/x}. */
        LOG(Saves.INPUT),
        /** Square root; derivative {@code 1/(2y)}. */
        SQRT(Saves.OUTPUT),
        /** {@link #pow x^a}; derivative {@code a x^(a-1)}, and 0 where {@code a} is 0. */
        POW(Saves.INPUT),
        /** {@code |x|}; derivative the sign of x, 0 at 0. */
        ABS(Saves.INPUT),
        /** {@code min(max(x, a), b)}; derivative 1 where {@code a <= x <= b}, and 0 elsewhere. NaN remains NaN. */
        CLAMP(Saves.INPUT),
        /** {@code max(x, 0)}; NaN remains NaN. Derivative 1 where {@code y > 0}, and 0 elsewhere. */
        RELU(Saves.OUTPUT),
        /** {@code x} if {@code x > 0}, otherwise {@code a x}; derivative 1 or a. */
        LEAKY_RELU(Saves.INPUT),
        /** {@code x} if {@code x > 0}, otherwise {@code a (e^x - 1)}; derivative 1 or {@code a e^x}. */
        ELU(Saves.INPUT),
        /** {@code 1/(1 + e^-x)}; derivative {@code y (1 - y)}. */
        SIGMOID(Saves.OUTPUT),
        /** Hyperbolic tangent; derivative {@code 1 - y^2}. */
        TANH(Saves.OUTPUT),
        /**
         * {@code x F(x)} with the normal distribution function F (exact, with erf); derivative {@code F(x) + x f(x)}.
         */
        GELU(Saves.INPUT);

        private final Saves saves;

        Kind(Saves saves) {
            this.saves = saves;
        }

        /** The argument {@code saved} of {@link UnaryKernels#gradient}. */
        public Saves saves() {
            return saves;
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
