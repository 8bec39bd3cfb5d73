package dev.striate.optim;

/**
 * Cosine annealing: {@code minimum + (initial - minimum) (1 + cos(pi step / steps)) / 2}, then {@code minimum} from
 * {@code steps} on. This is one period of Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts"
 * (2017).
 *
 * @param initial the learning rate at step 0
 * @param minimum the learning rate at the end
 * @param steps   the number of steps until the minimum is reached, at least 1
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

    /** Interpolates along half a cosine wave, from {@code from} at progress 0 to {@code to} at 1. */
    static float anneal(double from, double to, double progress) {
        return (float) (to + (from - to) * (1 + Math.cos(Math.PI * progress)) / 2);
    }
}
