package dev.striate.backend.cpu;

/**
 * Per-thread scratch buffers, one per role, which grow to the largest length asked for. What a thread writes to a
 * buffer stays there until its next call for the same role: an algorithm must not use a role twice at a time, nor call
 * another one that uses it.
 */
public final class Scratch {

    /** What a buffer is for. */
    public enum Role {
        /** Pixels as they were loaded. */
        IMAGES,
        /** Pixels, transformed or arranged as a product reads them. */
        INPUT,
        /** Weights, or the output's gradient, arranged as a product reads them. */
        WEIGHTS,
        /** One summand per row or column of a product. */
        BIAS,
        /** Sums before they are complete. */
        SUMS,
        /** Results on their way to the output. */
        OUTPUT,
        /** One tile. */
        TILE,
        /** The blocks of A and B that {@link CpuGemm} packs. */
        PACKED_A,
        PACKED_B
    }

    private final ThreadLocal<float[][]> floats = ThreadLocal.withInitial(() -> new float[Role.values().length][0]);
    private final ThreadLocal<long[][]> longs = ThreadLocal.withInitial(() -> new long[Role.values().length][0]);

    public float[] floats(Role role, int length) {
        float[][] own = floats.get();
        if (own[role.ordinal()].length < length) {
            own[role.ordinal()] = new float[length];
        }
        return own[role.ordinal()];
    }

    public long[] longs(Role role, int length) {
        long[][] own = longs.get();
        if (own[role.ordinal()].length < length) {
            own[role.ordinal()] = new long[length];
        }
        return own[role.ordinal()];
    }
}
