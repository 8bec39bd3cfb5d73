package dev.striate.optim;

/**
 * How the learning rate changes from step to step. A pure function of the step, so that training can go on from any checkpoint.
 */
@FunctionalInterface
public interface Schedule {

    /**
     * The learning rate of a step.
     *
     * @param step counted from 0: {@link Optimizer#steps()} before the step is made
     */
    float at(long step);
}
