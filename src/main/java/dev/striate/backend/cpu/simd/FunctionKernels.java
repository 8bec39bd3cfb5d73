package dev.striate.backend.cpu.simd;

/**
 * Functions of one element that have no instruction. On vectors they are float32 polynomials; the errors stated were measured
 * against double precision over floats of every exponent, and a test holds them. An ulp of a subnormal result is that of the
 * smallest normal number. NaN stays NaN.
 */
public interface FunctionKernels {

    /** {@code y = e^x}, within 1.1 ulp. */
    void exp(int n, float[] x, int xOffset, float[] y, int yOffset);

    /** {@code y = 1 / (1 + e^-x)}, within 2.2 ulp. */
    void sigmoid(int n, float[] x, int xOffset, float[] y, int yOffset);

    /** {@code y = tanh x}, within 1.3 ulp; -0 stays -0. */
    void tanh(int n, float[] x, int xOffset, float[] y, int yOffset);
}
