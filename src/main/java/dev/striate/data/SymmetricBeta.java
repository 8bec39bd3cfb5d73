package dev.striate.data;

/** Random numbers with the distribution Beta(alpha, alpha): {@code G / (G + H)} with G and H from Gamma(alpha). */
final class SymmetricBeta {

    private SymmetricBeta() {}

    /**
     * Returns a number in 0 .. 1.
     *
     * @param alpha above 0
     */
    static double draw(double alpha, Draws draws) {
        double logG = logOfGamma(alpha, draws);
        double logH = logOfGamma(alpha, draws);
        return 1 / (1 + StrictMath.exp(logH - logG));
    }

    /**
     * Returns the logarithm of a number from Gamma(alpha) (Marsaglia and Tsang, 2000). The number itself would be 0 in
     * double precision for most draws with a small alpha.
     */
    private static double logOfGamma(double alpha, Draws draws) {
        if (alpha < 1) {
            // A number from Gamma(alpha + 1) times U^(1 / alpha) is from Gamma(alpha).
            return logOfGamma(alpha + 1, draws) + logOfUniform(draws) / alpha;
        }
        double d = alpha - 1.0 / 3;
        double c = 1 / Math.sqrt(9 * d);
        while (true) {
            double x = normal(draws);
            double root = 1 + c * x;
            double logU = logOfUniform(draws);
            if (root > 0) {
                double v = root * root * root;
                double logV = StrictMath.log(v);
                if (logU < x * x / 2 + d * (1 - v + logV)) {
                    return StrictMath.log(d) + logV;
                }
            }
        }
    }

    /** By Box and Muller, 1958. StrictMath gives the same last bit on every machine. */
    private static double normal(Draws draws) {
        double radius = StrictMath.sqrt(-2 * logOfUniform(draws));
        return radius * StrictMath.cos(2 * Math.PI * draws.uniform());
    }

    /** The uniform number is in (0, 1], so the logarithm is finite. */
    private static double logOfUniform(Draws draws) {
        return StrictMath.log(1 - (double) draws.uniform());
    }
}
