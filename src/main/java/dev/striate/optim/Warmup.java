package dev.striate.optim;

/**
 * {@code then.at(0) (step + 1) / (steps + 1)} for the first steps, then another schedule from its beginning: gradual warm-up
 * (Goyal et al., "Accurate, large minibatch SGD", 2017).
 *
 * @param steps how many steps rise
 * @param then  what follows, its steps counted from the end of the rise
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
