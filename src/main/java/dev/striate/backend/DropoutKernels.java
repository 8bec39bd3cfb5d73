package dev.striate.backend;

/** Dropout with a mask that is computed and never stored. */
public interface DropoutKernels {

    /**
     * {@code y = x scale} if the unsigned {@link Philox} value of element i is at least {@code threshold}, otherwise 0.
     * The gradient is the same function of {@code dy}.
     *
     * @param threshold the dropout probability times 2^32, from 0 to 2^32
     * @param scale     the reciprocal of 1 - dropout probability
     */
    void apply(int n, long threshold, float scale, long seed, long stream, Buffer x, Buffer y);
}
