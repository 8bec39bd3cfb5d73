package dev.striate.backend.cpu.simd;

/**
 * The loops of {@link PanamaFunctionKernels} without vectors, see {@link ScalarKernels}; they also take the ends of runs that
 * fill no vector. The polynomials are those of Moshier's Cephes library (expf, tanhf).
 *
 * <p>{@code e^x = 2^n e^r}, n being x / log 2 rounded and r what is left, at most log(2) / 2 in size.
 */
final class ScalarFunctionKernels implements FunctionKernels {

    /** Added to a float of moderate size, it leaves the nearest integer in the lowest bits. */
    static final float ROUNDER = 0x1.8p23f;
    static final int ROUNDER_BITS = Float.floatToRawIntBits(ROUNDER);
    static final float PER_LOG_2 = (float) (1 / Math.log(2));
    /** log 2 as the sum of two floats. */
    static final float LOG_2 = (float) Math.log(2);
    static final float LOG_2_REST = (float) (Math.log(2) - LOG_2);
    /** Beyond these, e^x is infinite or rounds to 0. */
    static final float HIGHEST = 89f;
    static final float LOWEST = -104f;
    /** {@code e^r = 1 + r + r^2 (E0 + E1 r + ...)}. */
    static final float E0 = 5.0000001201e-1f;
    static final float E1 = 1.6666665459e-1f;
    static final float E2 = 4.1665795894e-2f;
    static final float E3 = 8.3334519073e-3f;
    static final float E4 = 1.3981999507e-3f;
    static final float E5 = 1.9875691500e-4f;
    /** {@code tanh x = x (1 + x^2 (T0 + T1 x^2 + ...))} up to this size. */
    static final float SMALL = 0.625f;
    static final float T0 = -3.33332819422e-1f;
    static final float T1 = 1.33314422036e-1f;
    static final float T2 = -5.37397155531e-2f;
    static final float T3 = 2.06390887954e-2f;
    static final float T4 = -5.70498872745e-3f;
    /** Exponent bias and mantissa bits of a float. */
    static final int BIAS = 127;
    static final int MANTISSA = 23;

    private static float exp(float value) {
        float x = value > HIGHEST ? HIGHEST : value < LOWEST ? LOWEST : value;
        float rounded = Math.fma(x, PER_LOG_2, ROUNDER);
        float n = rounded - ROUNDER;
        float r = Math.fma(n, -LOG_2_REST, Math.fma(n, -LOG_2, x));
        float p = Math.fma(E5, r, E4);
        p = Math.fma(p, r, E3);
        p = Math.fma(p, r, E2);
        p = Math.fma(p, r, E1);
        p = Math.fma(p, r, E0);
        p = Math.fma(p, r * r, r) + 1f;
        // 2^n may be no normal number: it is multiplied with in two halves.
        int power = Float.floatToRawIntBits(rounded) - ROUNDER_BITS;
        int half = power >> 1;
        return p * Float.intBitsToFloat(half + BIAS << MANTISSA) * Float.intBitsToFloat(power - half + BIAS << MANTISSA);
    }

    @Override
    public void exp(int n, float[] x, int xOffset, float[] y, int yOffset) {
        for (int i = 0; i < n; i++) {
            y[yOffset + i] = exp(x[xOffset + i]);
        }
    }

    @Override
    public void sigmoid(int n, float[] x, int xOffset, float[] y, int yOffset) {
        for (int i = 0; i < n; i++) {
            float value = x[xOffset + i];
            // Of e^x and e^-x the one that cannot overflow.
            float exp = exp(-Math.abs(value));
            y[yOffset + i] = (value < 0 ? exp : 1f) / (exp + 1f);
        }
    }

    @Override
    public void tanh(int n, float[] x, int xOffset, float[] y, int yOffset) {
        for (int i = 0; i < n; i++) {
            float value = x[xOffset + i];
            float size = Math.abs(value);
            if (size >= SMALL) {
                float large = 1f - 2f / (exp(size + size) + 1f);
                y[yOffset + i] = value < 0 ? -large : large;
            } else {
                float square = value * value;
                float p = Math.fma(T4, square, T3);
                p = Math.fma(p, square, T2);
                p = Math.fma(p, square, T1);
                p = Math.fma(p, square, T0);
                y[yOffset + i] = value * Math.fma(p, square, 1f);
            }
        }
    }
}
