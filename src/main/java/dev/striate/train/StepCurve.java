package dev.striate.train;

import dev.striate.StriateException;
import java.util.Arrays;

/** The loss and the learning rate of each training step. */
public final class StepCurve {

    private final int stepsPerEpoch;
    private final long unknownSteps;
    private float[] losses;
    private float[] rates;
    private int steps;

    /**
     * Creates a curve that starts with these steps.
     *
     * @param unknownSteps see {@link #unknownSteps()}
     */
    public StepCurve(int stepsPerEpoch, long unknownSteps, float[] losses, float[] learningRates) {
        if (stepsPerEpoch < 1 || unknownSteps < 0 || losses.length != learningRates.length) {
            throw new StriateException("StepCurve: expected at least 1 step per epoch and a loss and a learning rate of"
                    + " each step, got " + stepsPerEpoch + " steps per epoch, " + unknownSteps + " unknown steps, "
                    + losses.length + " losses and " + learningRates.length + " learning rates");
        }
        this.stepsPerEpoch = stepsPerEpoch;
        this.unknownSteps = unknownSteps;
        this.losses = losses.clone();
        rates = learningRates.clone();
        steps = losses.length;
    }

    static StepCurve empty(int stepsPerEpoch, long unknownSteps) {
        return new StepCurve(stepsPerEpoch, unknownSteps, new float[0], new float[0]);
    }

    void add(float loss, float rate) {
        if (steps == losses.length) {
            int larger = Math.max(64, 2 * steps);
            losses = Arrays.copyOf(losses, larger);
            rates = Arrays.copyOf(rates, larger);
        }
        losses[steps] = loss;
        rates[steps++] = rate;
    }

    public int stepsPerEpoch() {
        return stepsPerEpoch;
    }

    /**
     * Returns the number of steps before the first of this curve: 0, unless the run was resumed from a checkpoint of a
     * version that did not keep the losses of its steps.
     */
    public long unknownSteps() {
        return unknownSteps;
    }

    /** Returns the mean loss of the images of each step, measured in training mode. */
    public float[] losses() {
        return Arrays.copyOf(losses, steps);
    }

    /** Returns the learning rate of each step. */
    public float[] learningRates() {
        return Arrays.copyOf(rates, steps);
    }
}
