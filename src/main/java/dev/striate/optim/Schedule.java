package dev.striate.optim;

/** A learning-rate schedule. It is a pure function of the step, so training can resume from any checkpoint. */
@FunctionalInterface
public interface Schedule {

    /**
     * Returns the learning rate of a step.
     *
     * @param step the step, counted from 0: {@link Optimizer#steps()} before the step is made
     */
    float at(long step);
}
