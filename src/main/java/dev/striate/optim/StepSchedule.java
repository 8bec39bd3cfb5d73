package dev.striate.optim;

/**
 * {@code initial factor^floor(step / every)}: the learning rate is multiplied every so many steps.
 *
 * @param initial the learning rate at first
 * @param every   steps from one change to the next
 * @param factor  what it is multiplied by, usually 0.1
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
        return (float) (initial * Math.pow(factor, step / every));
    }
}
