package dev.striate.backend.cpu.simd;

import java.util.stream.IntStream;

/** What the loops know of vectors without naming the Vector API, whose module may be missing. */
final class Lanes {

    /** Floats in a vector. Where there are no vectors, the scalar loops compute as if they had so many. */
    static final int LANES = VectorApi.lanes();
    /** As many lanes set, not set and set as a vector has: a window of it is a mask that begins or ends anywhere. */
    static final int[] EDGES =
            IntStream.range(0, 3 * LANES).map(i -> i / LANES == 1 ? 0 : -1).toArray();

    private static final boolean FUSED = VectorApi.hasFusedMultiplyAdd();

    private Lanes() {}

    /**
     * {@code a b + c}. Without the instruction, {@link Math#fma} computes in BigDecimal, thousands of times slower. In
     * double precision the product is exact and the sum rounded twice, which is nearly as good.
     */
    static float fma(float a, float b, float c) {
        return FUSED ? Math.fma(a, b, c) : (float) ((double) a * b + c);
    }

    /** A vector's values, one in even lanes and another in odd ones. */
    static float[] alternating(float even, float odd) {
        float[] values = new float[LANES];
        for (int i = 0; i < LANES; i++) {
            values[i] = i % 2 == 0 ? even : odd;
        }
        return values;
    }

    /** The sum of a vector's lanes in {@code x}: halves are added to halves, until one float is left. */
    static float fold(float[] x, int at) {
        for (int half = LANES / 2; half > 0; half /= 2) {
            for (int lane = at; lane < at + half; lane++) {
                x[lane] += x[lane + half];
            }
        }
        return x[at];
    }
}
