package dev.striate.data;

import dev.striate.backend.Philox;

/**
 * The random numbers for one image in one epoch. Each image and epoch has its own {@link Philox} stream, so its
 * transforms depend neither on the order of the images nor on the thread that reads them.
 */
public final class Draws {

    private final long seed;
    private final long stream;
    private final int[] lanes = new int[4];
    private long taken;

    /** Creates the random numbers for image {@code index} in epoch {@code epoch}, both counted from 0. */
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

    private int next() {
        if ((taken & 3) == 0) {
            Philox.block(seed, stream, taken >>> 2, lanes);
        }
        return lanes[(int) (taken++ & 3)];
    }
}
