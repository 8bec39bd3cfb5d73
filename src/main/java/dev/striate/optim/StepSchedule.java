package dev.striate.optim;

/**
 * Step decay: the learning rate is multiplied by a factor every few steps, {@code initial factor^floor(step / every)}.
 *
 * @param initial the learning rate of the first steps
 * @param every   the number of steps between changes, at least 1
 * @param factor  the factor of each change, usually 0.1
 */
public record StepSchedule(float initial, long every, float factor) implements Schedule {

    public StepSchedule {
        Require.atLeastZero("learning rate", initial);
        Require.atLeast(1, "steps from one change to the next", every);
        Require.aboveZero("factor", factor);
    }

    @Override
    public float at(long step) {
        Require.atLeast(0, "step", step);
        long changes = step / every;
        return (float) (initial * Math.pow(factor, (double) changes));
    }
}
