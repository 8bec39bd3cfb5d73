package dev.striate.bench.common;

/**
 * Values that depend only on a seed and their index, so that another program makes the same values without a file: a
 * hash of both with good avalanche, in 32-bit arithmetic. {@code torch_peer.py} has the same functions. The values are
 * random because zeros and denormals can have another speed.
 */
public final class HashData {

    private HashData() {}

    private static int hash(int seed, int i) {
        int h = i * 0x9E3779B1 + seed * 0x85EBCA77;
        h = (h ^ h >>> 16) * 0x7FEB352D;
        h = (h ^ h >>> 15) * 0x846CA68B;
        return h ^ h >>> 16;
    }

    /** Returns values uniform in {@code center - spread} to {@code center + spread}, in 2^24 steps. */
    public static float[] around(int seed, int n, float center, float spread) {
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = center + ((hash(seed, i) >>> 8) * 0x1p-23f - 1) * spread;
        }
        return values;
    }

    /** Returns values uniform in -1 to 1. */
    public static float[] uniform(int seed, int n) {
        return around(seed, n, 0, 1);
    }

    public static int[] labels(int seed, int n) {
        int[] labels = new int[n];
        for (int i = 0; i < n; i++) {
            labels[i] = (hash(seed, i) >>> 8) % Net.CLASSES;
        }
        return labels;
    }

    /** Returns plus or minus one by the index: a sum with these signs shows that two values were exchanged. */
    public static int sign(int i) {
        return hash(999, i) < 0 ? -1 : 1;
    }
}
