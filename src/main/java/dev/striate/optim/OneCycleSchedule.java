package dev.striate.optim;

/**
 * The one-cycle schedule: the learning rate rises from {@code maximum / divisor} to {@code maximum}, then falls to
 * {@code maximum / divisor / finalDivisor}, both along half a cosine wave (Smith and Topin, "Super-convergence: very
 * fast training of neural networks using large learning rates", 2018, in the two-phase form of fast.ai and PyTorch).
 * The maximum is at step {@code rise steps - 1}, the end at step {@code steps - 1}; later steps keep the final rate.
 *
 * @param maximum      the highest learning rate
 * @param steps        the number of steps of the cycle, at least 2
 * @param rise         the fraction of the steps in which the rate rises, above 0 and below 1
 * @param divisor      the maximum divided by the initial rate
 * @param finalDivisor the initial rate divided by the final rate
 */
public record OneCycleSchedule(float maximum, long steps, float rise, float divisor, float finalDivisor)
        implements Schedule {

    public OneCycleSchedule {
        Require.atLeastZero("maximum learning rate", maximum);
        Require.atLeast(2, "steps", steps);
        Require.aboveZero("rise", Require.fraction("rise", rise));
        Require.aboveZero("divisor", divisor);
        Require.aboveZero("final divisor", finalDivisor);
    }

    /**
     * Creates a schedule with PyTorch's defaults: {@code rise} 0.3, {@code divisor} 25, {@code finalDivisor} 10,000.
     */
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
