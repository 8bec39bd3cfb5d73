package dev.striate.data;

import dev.striate.backend.Philox;

/**
 * The random numbers for one image in one epoch, or for mixing one batch. Each has its own {@link Philox} stream, so
 * transforms depend neither on the order of the images nor on the thread that reads them.
 */
public final class Draws {

    private final long seed;
    private final long stream;
    private final int[] lanes = new int[4];
    private long taken;

    /** Creates the random numbers for image or batch {@code index} in epoch {@code epoch}, both counted from 0. */
    public Draws(long seed, int epoch, int index) {
        this.seed = seed;
        this.stream = (long) epoch << 32 | index;
    }

    /** Returns the next number, uniformly distributed in [0, 1). */
    public float uniform() {
        return Philox.toUnitFloat(next());
    }

    /** Returns the next number, uniformly distributed in 0 .. bound-1. */
    public int below(int bound) {
        // Multiply-shift instead of modulo: the bias is below bound / 2^32.
        return (int) (((next() & 0xFFFFFFFFL) * bound) >>> 32);
    }

    /** Returns the numbers 0 .. n-1 in random order (Fisher-Yates shuffle). */
    int[] permutation(int n) {
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            int other = below(i + 1);
            order[i] = order[other];
            order[other] = i;
        }
        return order;
    }

    private int next() {
        if ((taken & 3) == 0) {
            Philox.block(seed, stream, taken >>> 2, lanes);
        }
        return lanes[(int) (taken++ & 3)];
    }
}
