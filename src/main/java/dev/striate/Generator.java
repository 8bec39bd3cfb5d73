package dev.striate;

import dev.striate.backend.Philox;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A source of random numbers that are the same on every device and machine: {@link Philox} under a seed. Each draw takes the next
 * stream, so what one draw gives does not depend on how much an earlier one took. Safe for several threads, though the order in
 * which they draw is then theirs to fix.
 */
public final class Generator {

    private final long seed;
    private final AtomicLong stream;

    public Generator(long seed) {
        this(seed, 0);
    }

    /** A generator that goes on where another of the same seed stood at {@code stream}. */
    public Generator(long seed, long stream) {
        this.seed = seed;
        this.stream = new AtomicLong(stream);
    }

    public long seed() {
        return seed;
    }

    /** The stream that the next draw will take. */
    public long stream() {
        return stream.get();
    }

    /** Makes {@code next} the stream that the next draw will take, as for resuming a training. */
    public void stream(long next) {
        stream.set(next);
    }

    /** Takes a stream for a caller that computes its values itself, such as a dropout kernel. */
    public long nextStream() {
        return stream.getAndIncrement();
    }

    /**
     * {@code n} values, uniform in [low, high), in steps of 2^-24 of the range; all {@code low} if that is {@code high}.
     *
     * @throws StriateException if n is negative, {@code low} is above {@code high}, or they or their difference are not finite
     */
    public float[] uniform(int n, float low, float high) {
        if (!(low <= high) || !Float.isFinite(high - low)) {
            throw new StriateException("Generator: uniform values lie between finite numbers low <= high whose difference is"
                    + " finite, got " + low + " and " + high);
        }
        float[] values = new float[requireCount(n)];
        long own = nextStream();
        int[] lanes = new int[4];
        // Where floats lie wider apart than the steps, a sum just below high would round to it.
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
     * {@code n} values of the normal distribution with mean 0 and deviation 1, by Box and Muller's method.
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
            // (0, 1]: the logarithm never meets 0. StrictMath, so that the last bit is the same on every machine.
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
     * The numbers 0 .. n-1 in random order, by Fisher and Yates's shuffle.
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
            throw new StriateException("Generator: draws 0 or more values, got " + n);
        }
        return n;
    }
}
