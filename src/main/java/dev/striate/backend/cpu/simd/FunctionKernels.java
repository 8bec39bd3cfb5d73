package dev.striate.backend.cpu.simd;

/**
 * Functions of one element that have no instruction. On vectors they are float32 polynomials; the errors stated are the
 * greatest against double precision over all floats from 2^-14 to 2^7 of either sign, rounded up, and a test holds them
 * over a sample of every exponent. An ulp of a subnormal result is that of the smallest normal number. NaN stays NaN.
 */
public interface FunctionKernels {

    /** {@code y = e^x}, within 1.1 ulp. */
    void exp(int n, float[] x, int xOffset, float[] y, int yOffset);

    /** The natural logarithm, within 0.9 ulp; that of 0 is minus infinity, of what is less NaN. */
    void log(int n, float[] x, int xOffset, float[] y, int yOffset);

    /** {@code y = 1 / (1 + e^-x)}, within 2.5 ulp. */
    void sigmoid(int n, float[] x, int xOffset, float[] y, int yOffset);

    /** {@code y = tanh x}, within 1.4 ulp; -0 stays -0. */
    void tanh(int n, float[] x, int xOffset, float[] y, int yOffset);

    /** {@code y = x} of what is not negative, {@code alpha (e^x - 1)} elsewhere, the difference within 0.9 ulp. */
    void elu(int n, float alpha, float[] x, int xOffset, float[] y, int yOffset);

    /** {@code dx = dy} where x > 0, {@code alpha e^x dy} elsewhere, with the exponential of {@link #exp}. */
    void eluGradient(int n, float alpha, float[] x, int xOffset, float[] dy, int dyOffset, float[] dx, int dxOffset);

    /**
     * {@code y = x F(x)} with the distribution function F of the standard normal distribution, within 3.3 ulp, small
     * results on the far left too; -0 stays -0. That of minus infinity is infinity times 0, NaN.
     */
    void gelu(int n, float[] x, int xOffset, float[] y, int yOffset);

    /**
     * {@code dx = (F(x) + x f(x)) dy} with the density f of that distribution; the factor is within 3.6 ulp, around its
     * zero at -0.75 too. At infinities it is NaN.
     */
    void geluGradient(int n, float[] x, int xOffset, float[] dy, int dyOffset, float[] dx, int dxOffset);
}
