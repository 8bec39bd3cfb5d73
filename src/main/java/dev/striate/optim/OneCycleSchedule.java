package dev.striate.optim;

/**
 * Up from {@code maximum / divisor} to {@code maximum} and down to {@code maximum / divisor / finalDivisor}, both by half a wave
 * of the cosine: Smith and Topin, "Super-convergence: very fast training of neural networks using large learning rates" (2018),
 * in the two-phase form of fast.ai and PyTorch. The top is at step {@code rise steps - 1}, the end at {@code steps - 1}; it stays
 * there.
 *
 * @param maximum      the learning rate at the top
 * @param steps        how many steps the cycle has, at least 2
 * @param rise         the part of the steps that goes up, above 0 and below 1
 * @param divisor      how far below the top it starts
 * @param finalDivisor how far below its start it ends
 */
public record OneCycleSchedule(float maximum, long steps, float rise, float divisor, float finalDivisor) implements Schedule {

    public OneCycleSchedule {
        Require.atLeastZero("maximum learning rate", maximum);
        Require.atLeast(2, "steps", steps);
        Require.aboveZero("rise", Require.fraction("rise", rise));
        Require.aboveZero("divisor", divisor);
        Require.aboveZero("final divisor", finalDivisor);
    }

    /** With PyTorch's defaults: 0.3 of the steps up, from 1/25 of the top, down to 1/10000 of the start. */
    public OneCycleSchedule(float maximum, long steps) {
        this(maximum, steps, 0.3f, 25, 1e4f);
    }

    @Override
    public float at(long step) {
        Require.atLeast(0, "step", step);
        double start = (double) maximum / divisor;
        double top = (double) rise * steps - 1;
        if (step < top) {
            return CosineSchedule.anneal(start, maximum, step / top);
        }
        double progress = Math.min(1, (step - top) / (steps - 1 - top));
        return CosineSchedule.anneal(maximum, start / finalDivisor, progress);
    }
}
