package dev.striate.backend.cpu.simd;

/**
 * The loops of {@link PanamaFunctionKernels} without vectors, see {@link ScalarKernels}; they also take the ends of
 * runs that fill no vector. The polynomials of the exponential, the logarithm and tanh are those of Moshier's Cephes
 * library (expf, logf, tanhf).
 *
 * <p>{@code e^x = 2^n e^r}, n being x / log 2 rounded and r what is left, at most log(2) / 2 in size.
 *
 * <p>The normal distribution {@code F(-t) = e^(-t^2 / 2) M(t)}, t not negative, has a factor M that falls as slowly as
 * 1 / t: {@code (t + c) M} is a polynomial in {@code (t - c) / (t + c)}, with some c, as in Shepherd and Laframboise,
 * Chebyshev approximation of (1 + 2x) exp(x^2) erfc(x), Mathematics of Computation 36 (1981); the coefficients are our
 * own, with the least greatest relative error (Remez). The derivative of x F(x) at -t is the same exponential times
 * {@code (t - ZERO) D(t)}, D without a zero and such a polynomial too. What x > 0 has follows from {@code F(x) = 1 -
 * F(-x)}.
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
    /** Below this, e^x - 1 rounds to -1. */
    static final float LOWEST_LESS_1 = -30f;
    /** {@code log(1 + f) = f - f^2 / 2 + f^3 (L0 + L1 f + ...)}, with 1 + f from the root of 1/2 to that of 2. */
    static final float L0 = 3.3333331174e-1f;

    static final float L1 = -2.4999993993e-1f;
    static final float L2 = 2.0000714765e-1f;
    static final float L3 = -1.6668057665e-1f;
    static final float L4 = 1.4249322787e-1f;
    static final float L5 = -1.2420140846e-1f;
    static final float L6 = 1.1676998740e-1f;
    static final float L7 = -1.1514610310e-1f;
    static final float L8 = 7.0376836292e-2f;
    static final int ROOT_BITS = Float.floatToRawIntBits((float) Math.sqrt(0.5));
    /** Makes a subnormal number a normal one. */
    static final float RAISE = 0x1p23f;
    /** {@code tanh x = x (1 + x^2 (T0 + T1 x^2 + ...))} up to this size. */
    static final float SMALL = 0.625f;

    static final float T0 = -3.33332819422e-1f;
    static final float T1 = 1.33314422036e-1f;
    static final float T2 = -5.37397155531e-2f;
    static final float T3 = 2.06390887954e-2f;
    static final float T4 = -5.70498872745e-3f;
    /** Beyond this, {@code t F(-t)} and the derivative round to 0. */
    static final float FURTHEST = 15f;
    /** {@code (t + M_CENTER) M(t)} from {@link #NEAR} on, least power first. */
    static final float M_CENTER = 1.875f;

    static final float M0 = 6.6109084500e-1f;
    static final float M1 = -3.0073996993e-1f;
    static final float M2 = 4.2873155642e-3f;
    static final float M3 = 3.6790595623e-2f;
    static final float M4 = 5.2495730260e-3f;
    static final float M5 = -5.6241819112e-3f;
    static final float M6 = -3.2332365147e-3f;
    static final float M7 = -3.8385201565e-5f;
    static final float M8 = 1.0207230559e-3f;
    static final float M9 = 4.0162659556e-4f;
    static final float M10 = -2.5738541187e-4f;
    /** {@code F(x) = 1/2 + x (G0 + G1 x^2 + ...)} up to this size, where M would be the less exact one. */
    static final float NEAR = 0.5f;

    static final float G0 = 3.9894227698e-1f;
    static final float G1 = -6.6489944386e-2f;
    static final float G2 = 9.9648366945e-3f;
    static final float G3 = -1.1311304395e-3f;
    /** Where the derivative is 0, with its sign changed, as the sum of two floats. */
    static final float ZERO = (float) 0.75179152469356445746;

    static final float ZERO_REST = (float) (0.75179152469356445746 - ZERO);
    /** {@code D(t)}, least power first. */
    static final float D_CENTER = 3f;

    static final float D0 = -4.7829767728e-1f;
    static final float D1 = 1.1997543925e-1f;
    static final float D2 = -5.3596148649e-2f;
    static final float D3 = 1.4074456554e-2f;
    static final float D4 = -2.0363995602e-4f;
    static final float D5 = -1.0926498930e-3f;
    static final float D6 = 9.2798326055e-5f;
    static final float D7 = 1.2289215732e-4f;
    static final float D8 = -4.5640816965e-6f;
    static final float D9 = -1.1376083072e-5f;
    /** Exponent bias and mantissa bits of a float. */
    static final int BIAS = 127;

    static final int MANTISSA = 23;

    private static float exp(float value) {
        return timesExp(1f, value > HIGHEST ? HIGHEST : value < LOWEST ? LOWEST : value, 0f);
    }

    /** {@code e^r - 1} of what is at most log(2) / 2 in size. */
    private static float polynomial(float r) {
        float p = Math.fma(E5, r, E4);
        p = Math.fma(p, r, E3);
        p = Math.fma(p, r, E2);
        p = Math.fma(p, r, E1);
        p = Math.fma(p, r, E0);
        return Math.fma(p, r * r, r);
    }

    /** {@code factor e^(x + rest)}, also where only the product is a normal number; rest is far smaller than x. */
    private static float timesExp(float factor, float x, float rest) {
        float rounded = Math.fma(x, PER_LOG_2, ROUNDER);
        float n = rounded - ROUNDER;
        float r = Math.fma(n, -LOG_2_REST, Math.fma(n, -LOG_2, x)) + rest;
        float p = polynomial(r);
        // 2^n may be no normal number: it is multiplied with in two halves.
        int power = Float.floatToRawIntBits(rounded) - ROUNDER_BITS;
        int half = power >> 1;
        float scale = Float.intBitsToFloat(half + BIAS << MANTISSA);
        return Math.fma(factor, p, factor) * scale * Float.intBitsToFloat(power - half + BIAS << MANTISSA);
    }

    /**
     * {@code factor e^(-t^2 / 2)}: the square is taken as two floats, or half an ulp of it would be many of the result.
     */
    private static float timesBell(float factor, float t) {
        float square = t * t;
        return timesExp(factor, -0.5f * square, -0.5f * Math.fma(t, t, -square));
    }

    @Override
    public void exp(int n, float[] x, int xOffset, float[] y, int yOffset) {
        for (int i = 0; i < n; i++) {
            y[yOffset + i] = exp(x[xOffset + i]);
        }
    }

    @Override
    public void log(int n, float[] x, int xOffset, float[] y, int yOffset) {
        for (int i = 0; i < n; i++) {
            float value = x[xOffset + i];
            boolean raised = value < Float.MIN_NORMAL;
            int bits = Float.floatToRawIntBits(raised ? value * RAISE : value);
            int power = bits - ROOT_BITS >> MANTISSA;
            float f = Float.intBitsToFloat(bits - (power << MANTISSA)) - 1f;
            float e = raised ? power - MANTISSA : power;
            float p = Math.fma(L8, f, L7);
            p = Math.fma(p, f, L6);
            p = Math.fma(p, f, L5);
            p = Math.fma(p, f, L4);
            p = Math.fma(p, f, L3);
            p = Math.fma(p, f, L2);
            p = Math.fma(p, f, L1);
            p = Math.fma(p, f, L0);
            float square = f * f;
            float small = Math.fma(e, LOG_2_REST, Math.fma(square, -0.5f, p * f * square));
            float log = Math.fma(e, LOG_2, f + small);
            if (value > 0) {
                y[yOffset + i] = value <= Float.MAX_VALUE ? log : value;
            } else {
                y[yOffset + i] = value == 0 ? Float.NEGATIVE_INFINITY : Float.NaN;
            }
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

    @Override
    public void elu(int n, float alpha, float[] x, int xOffset, float[] y, int yOffset) {
        for (int i = 0; i < n; i++) {
            float value = x[xOffset + i];
            float x0 = value < LOWEST_LESS_1 ? LOWEST_LESS_1 : value;
            float rounded = Math.fma(x0, PER_LOG_2, ROUNDER);
            float power = rounded - ROUNDER;
            float r = Math.fma(power, -LOG_2_REST, Math.fma(power, -LOG_2, x0));
            // 2^n e^r - 1 = 2^n (e^r - 1) + (2^n - 1), without a difference of what is nearly equal.
            float scale = Float.intBitsToFloat(Float.floatToRawIntBits(rounded) - ROUNDER_BITS + BIAS << MANTISSA);
            float less1 = Math.fma(scale, polynomial(r), scale - 1f);
            y[yOffset + i] = value < 0 ? alpha * less1 : value;
        }
    }

    @Override
    public void eluGradient(
            int n, float alpha, float[] x, int xOffset, float[] dy, int dyOffset, float[] dx, int dxOffset) {
        for (int i = 0; i < n; i++) {
            float value = x[xOffset + i];
            dx[dxOffset + i] = (value > 0 ? 1f : alpha * exp(value)) * dy[dyOffset + i];
        }
    }

    @Override
    public void gelu(int n, float[] x, int xOffset, float[] y, int yOffset) {
        for (int i = 0; i < n; i++) {
            float value = x[xOffset + i];
            float size = Math.abs(value);
            if (size >= NEAR) {
                float t = size > FURTHEST ? FURTHEST : size;
                // Not t: infinity makes NaN of this, as it does of infinity times 0 in the definition.
                float share = size / (size + M_CENTER);
                float q = Math.fma(share, 2f, -1f);
                float p = Math.fma(M10, q, M9);
                p = Math.fma(p, q, M8);
                p = Math.fma(p, q, M7);
                p = Math.fma(p, q, M6);
                p = Math.fma(p, q, M5);
                p = Math.fma(p, q, M4);
                p = Math.fma(p, q, M3);
                p = Math.fma(p, q, M2);
                p = Math.fma(p, q, M1);
                p = Math.fma(p, q, M0);
                float tail = timesBell(p * share, t);
                y[yOffset + i] = value < 0 ? -tail : value > FURTHEST ? value : value - tail;
            } else {
                float square = value * value;
                float p = Math.fma(G3, square, G2);
                p = Math.fma(p, square, G1);
                p = Math.fma(p, square, G0);
                y[yOffset + i] = value * Math.fma(p, value, 0.5f);
            }
        }
    }

    @Override
    public void geluGradient(int n, float[] x, int xOffset, float[] dy, int dyOffset, float[] dx, int dxOffset) {
        for (int i = 0; i < n; i++) {
            float value = x[xOffset + i];
            float size = Math.abs(value);
            float t = size > FURTHEST ? FURTHEST : size;
            float q = Math.fma(size / (size + D_CENTER), 2f, -1f);
            float p = Math.fma(D9, q, D8);
            p = Math.fma(p, q, D7);
            p = Math.fma(p, q, D6);
            p = Math.fma(p, q, D5);
            p = Math.fma(p, q, D4);
            p = Math.fma(p, q, D3);
            p = Math.fma(p, q, D2);
            p = Math.fma(p, q, D1);
            p = Math.fma(p, q, D0);
            float left = timesBell((t - ZERO - ZERO_REST) * p, t);
            dx[dxOffset + i] = (value < 0 ? left : 1f - left) * dy[dyOffset + i];
        }
    }
}
