package dev.striate.bench.common;

import java.util.LinkedHashMap;
import java.util.Map;

/** Training steps on a few batches in turn. */
public abstract class TrainingWork implements Work {

    /** The number of batches. */
    public static final int BATCHES = 8;
    /**
     * The number of steps after which training starts again: after some 800 without a gradient, Adam's running mean of a
     * dead unit is denormal, and the speed of denormals is not what is compared.
     */
    private static final int STEPS_BEFORE_RESTART = 500;

    private final int comparedSteps;
    private int steps;
    private int firstCompared;

    /** @param comparedSteps the number of steps whose losses are compared, each on another batch */
    protected TrainingWork(int comparedSteps) {
        this.comparedSteps = comparedSteps;
    }

    /** Takes one step on one of the batches; returns the loss before the update. */
    public abstract float step(int batch);

    /** Restores the initial parameters, with a new optimiser. */
    public abstract void restart();

    /** Takes the step that is timed. */
    protected void timedStep(int batch) {
        step(batch);
    }

    @Override
    public final void run() {
        timedStep(steps++ % BATCHES);
    }

    @Override
    public final void settle() {
        if (steps > STEPS_BEFORE_RESTART) {
            outcome();
        }
    }

    @Override
    public final Map<String, float[]> outcome() {
        restart();
        steps = 0;
        Map<String, float[]> losses = new LinkedHashMap<>();
        for (int i = 1; i <= comparedSteps; i++) {
            losses.put(Net.lossName(i), new float[] {step((firstCompared + i - 1) % BATCHES)});
        }
        return losses;
    }

    @Override
    public final boolean takeOtherData() {
        if (firstCompared + 1 == BATCHES) {
            return false;
        }
        firstCompared++;
        return true;
    }
}
