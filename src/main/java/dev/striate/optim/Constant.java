package dev.striate.optim;

/**
 * A schedule with the same learning rate at every step.
 *
 * @param rate the learning rate, at least 0
 */
public record Constant(float rate) implements Schedule {

    public Constant {
        Require.atLeastZero("learning rate", rate);
    }

    @Override
    public float at(long step) {
        Require.atLeast(0, "step", step);
        return rate;
    }
}
