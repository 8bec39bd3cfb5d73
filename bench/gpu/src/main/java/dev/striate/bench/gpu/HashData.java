package dev.striate.bench.gpu;

/**
 * Values that only depend on a seed and their place, so that the other side makes the same without a file: a hash of
 * both with good avalanche, in 32-bit arithmetic ({@code torch_peer.py} has its twin).
 */
final class HashData {

    private HashData() {}

    private static int hash(int seed, int i) {
        int h = i * 0x9E3779B1 + seed * 0x85EBCA77;
        h = (h ^ h >>> 16) * 0x7FEB352D;
        h = (h ^ h >>> 15) * 0x846CA68B;
        return h ^ h >>> 16;
    }

    /** Uniform between {@code -bound} and {@code bound}, in 2^24 steps. */
    static float[] uniform(int seed, int n, float bound) {
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = ((hash(seed, i) >>> 8) * 0x1p-23f - 1) * bound;
        }
        return values;
    }

    static int[] labels(int seed, int n, int classes) {
        int[] labels = new int[n];
        for (int i = 0; i < n; i++) {
            labels[i] = (hash(seed, i) >>> 8) % classes;
        }
        return labels;
    }

    /** Plus or minus one by the place: sums with these signs show an exchange of two values. */
    static int sign(int i) {
        return hash(999, i) < 0 ? -1 : 1;
    }
}
