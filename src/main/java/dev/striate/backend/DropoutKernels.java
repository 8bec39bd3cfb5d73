package dev.striate.backend;

/** Dropout with a mask that is computed, never stored. */
public interface DropoutKernels {

    /**
     * {@code y = x scale} where element i's {@link Philox} value, unsigned, is at least {@code threshold}, else 0. The gradient
     * is the same call on {@code dy}.
     *
     * @param threshold the probability of dropping, times 2^32, in 0 .. 2^32
     * @param scale     the reciprocal of the probability of keeping
     */
    void apply(int n, long threshold, float scale, long seed, long stream, Buffer x, Buffer y);
}
