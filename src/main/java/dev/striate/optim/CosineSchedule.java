package dev.striate.optim;

/**
 * {@code minimum + (initial - minimum) (1 + cos(pi step / steps)) / 2}, and {@code minimum} from {@code steps} on: one period of
 * Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts" (2017).
 *
 * @param initial the learning rate at step 0
 * @param minimum the learning rate at the end
 * @param steps   when the end is reached
 */
public record CosineSchedule(float initial, float minimum, long steps) implements Schedule {

    public CosineSchedule {
        Require.atLeastZero("learning rate", initial);
        Require.atLeastZero("minimum", minimum);
        Require.atLeast(1, "steps", steps);
    }

    @Override
    public float at(long step) {
        Require.atLeast(0, "step", step);
        return anneal(initial, minimum, Math.min(1, (double) step / steps));
    }

    /** Half a wave of the cosine from one value, at progress 0, to another, at 1. */
    static float anneal(double from, double to, double progress) {
        return (float) (to + (from - to) * (1 + Math.cos(Math.PI * progress)) / 2);
    }
}
