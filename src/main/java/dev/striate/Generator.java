package dev.striate;

import dev.striate.backend.Philox;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A generator of random numbers that are the same on every device and machine (Philox with a seed). Each draw uses the
 * next stream, so its values do not depend on the sizes of earlier draws. Instances are thread-safe, but if several
 * threads draw, the order of their draws decides which values each gets.
 */
public final class Generator {

    private final long seed;
    private final AtomicLong stream;

    public Generator(long seed) {
        this(seed, 0);
    }

    /** Creates a generator that continues at {@code stream} of another generator with the same seed. */
    public Generator(long seed, long stream) {
        this.seed = seed;
        this.stream = new AtomicLong(stream);
    }

    public long seed() {
        return seed;
    }

    /** Returns the stream of the next draw. */
    public long stream() {
        return stream.get();
    }

    /** Sets the stream of the next draw, for example to resume a training run. */
    public void stream(long next) {
        stream.set(next);
    }

    /** Reserves a stream for a caller that computes the values itself, such as a dropout kernel. */
    public long nextStream() {
        return stream.getAndIncrement();
    }

    /**
     * Returns {@code n} uniformly distributed values in [low, high), in steps of 2^-24 of the range. If {@code low}
     * equals {@code high}, all values are {@code low}.
     *
     * @throws StriateException if n is negative, if {@code low} is above {@code high}, or if they or their difference
     *     are not finite
     */
    public float[] uniform(int n, float low, float high) {
        if (!(low <= high) || !Float.isFinite(high - low)) {
            throw new StriateException("Generator: expected finite bounds low <= high with a finite difference,"
                    + " got " + low + " and " + high);
        }
        float[] values = new float[requireCount(n)];
        long own = nextStream();
        int[] lanes = new int[4];
        // If the steps are smaller than the spacing of floats, a sum just below high would round to high.
        float greatest = Math.max(low, Math.nextDown(high));
        for (int i = 0; i < n; i++) {
            if ((i & 3) == 0) {
                Philox.block(seed, own, i >>> 2, lanes);
            }
            values[i] = Math.min(greatest, low + (high - low) * Philox.toUnitFloat(lanes[i & 3]));
        }
        return values;
    }

    /**
     * Returns {@code n} normally distributed values with mean 0 and deviation 1 (Box and Muller, 1958).
     *
     * @throws StriateException if n is negative
     */
    public float[] normal(int n) {
        float[] values = new float[requireCount(n)];
        long own = nextStream();
        int[] lanes = new int[4];
        for (int i = 0; i < n; i += 2) {
            if ((i & 3) == 0) {
                Philox.block(seed, own, i >>> 2, lanes);
            }
            // In (0, 1], so the logarithm is finite. StrictMath gives the same last bit on every machine.
            double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - (double) Philox.toUnitFloat(lanes[i & 3])));
            double angle = 2 * Math.PI * Philox.toUnitFloat(lanes[(i & 3) + 1]);
            values[i] = (float) (radius * StrictMath.cos(angle));
            if (i + 1 < n) {
                values[i + 1] = (float) (radius * StrictMath.sin(angle));
            }
        }
        return values;
    }

    /**
     * Returns the numbers 0 .. n-1 in random order (Fisher-Yates shuffle).
     *
     * @throws StriateException if n is negative
     */
    public int[] permutation(int n) {
        int[] order = new int[requireCount(n)];
        long own = nextStream();
        int[] lanes = new int[4];
        for (int i = 0; i < n; i++) {
            if ((i & 3) == 0) {
                Philox.block(seed, own, i >>> 2, lanes);
            }
            // Multiply-shift instead of modulo: the bias is below n / 2^32.
            int other = (int) (((lanes[i & 3] & 0xFFFFFFFFL) * (i + 1)) >>> 32);
            order[i] = order[other];
            order[other] = i;
        }
        return order;
    }

    private static int requireCount(int n) {
        if (n < 0) {
            throw new StriateException("Generator: expected a count of 0 or more, got " + n);
        }
        return n;
    }
}
