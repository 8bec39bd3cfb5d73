package dev.striate.optim;

/**
 * Gradual warm-up (Goyal et al., "Accurate, large minibatch SGD", 2017): the learning rate rises as
 * {@code then.at(0) (step + 1) / (steps + 1)}, then another schedule starts from its beginning.
 *
 * @param steps the number of warm-up steps
 * @param then  the schedule after the warm-up; its steps are counted from the end of the warm-up
 */
public record Warmup(long steps, Schedule then) implements Schedule {

    public Warmup {
        Require.atLeast(0, "warm-up steps", steps);
    }

    @Override
    public float at(long step) {
        Require.atLeast(0, "step", step);
        return step < steps ? (float) (then.at(0) * ((step + 1.0) / (steps + 1.0))) : then.at(step - steps);
    }
}
