package dev.striate.bench.peers;

import java.util.SplittableRandom;

/** Seeded random values: zeros and denormals would be other work than what is meant. */
final class RandomData {

    private RandomData() {}

    static float[] normal(long seed, int n) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /** Uniform, at most {@code spread} away from {@code center}. */
    static float[] around(long seed, int n, float center, float spread) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) (center + spread * (2 * random.nextDouble() - 1));
        }
        return values;
    }

    static int[] labels(long seed, int n) {
        return new SplittableRandom(seed).ints(n, 0, Net.CLASSES).toArray();
    }
}
