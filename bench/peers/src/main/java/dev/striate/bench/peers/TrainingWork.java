package dev.striate.bench.peers;

import java.util.LinkedHashMap;
import java.util.Map;

/** What training has in common on both sides: which batch is next, and when to start anew. */
abstract class TrainingWork implements Work {

    private int steps;
    private int comparedBatch;

    /** One step on one of the batches; returns the loss before the update. */
    abstract float step(int batch);

    /** Back to the initial parameters and a fresh optimiser. */
    abstract void restart();

    @Override
    public final void run() {
        step(steps++ % Side.BATCHES);
    }

    @Override
    public final void settle() {
        if (steps > Side.STEPS_BEFORE_RESTART) {
            outcome();
        }
    }

    @Override
    public final Map<String, float[]> outcome() {
        restart();
        steps = 0;
        Map<String, float[]> losses = new LinkedHashMap<>();
        for (int i = 1; i <= Side.COMPARED_STEPS; i++) {
            losses.put(Net.lossName(i), new float[] {step(comparedBatch)});
        }
        return losses;
    }

    @Override
    public final boolean takeOtherData() {
        if (comparedBatch + 1 == Side.BATCHES) {
            return false;
        }
        comparedBatch++;
        return true;
    }
}
