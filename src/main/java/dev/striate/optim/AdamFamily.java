package dev.striate.optim;

import dev.striate.Tensor;
import dev.striate.backend.AdamStep;
import java.util.Map;

/**
 * The common part of Adam and AdamW, which differ only in how they apply weight decay.
 *
 * @param <A> the optimiser's own type
 */
public abstract sealed class AdamFamily<A extends AdamFamily<A>> extends Optimizer permits Adam, AdamW {

    private static final String MEAN = "adam.m";
    private static final String SQUARE = "adam.v";

    private final boolean decoupled;
    private float beta1 = 0.9f;
    private float beta2 = 0.999f;
    private float epsilon = 1e-8f;
    private float weightDecay;

    AdamFamily(Map<String, Tensor> parameters, float learningRate, boolean decoupled, float weightDecay) {
        super(parameters, learningRate);
        this.decoupled = decoupled;
        this.weightDecay = weightDecay;
        try {
            addState(MEAN);
            addState(SQUARE);
        } catch (RuntimeException e) {
            // The caller never gets this optimiser and cannot close it.
            close();
            throw e;
        }
    }

    /** Sets the decay rates of the running means of the gradient and of its square; 0.9 and 0.999 by default. */
    public final A betas(float forMean, float forSquare) {
        beta1 = Require.fraction("beta1", forMean);
        beta2 = Require.fraction("beta2", forSquare);
        return self();
    }

    /** Sets the number that is added to the square root in the denominator; 1e-8 by default. */
    public final A epsilon(float wanted) {
        epsilon = Require.aboveZero("epsilon", wanted);
        return self();
    }

    /** Sets the weight decay. */
    public final A weightDecay(float wanted) {
        weightDecay = Require.atLeastZero("weight decay", wanted);
        return self();
    }

    @Override
    public final A weightDecay(String pattern, float decay) {
        super.weightDecay(pattern, decay);
        return self();
    }

    @Override
    public final A learningRateFactor(String pattern, float factor) {
        super.learningRateFactor(pattern, factor);
        return self();
    }

    abstract A self();

    @Override
    final boolean updatesAlike(long some, long other) {
        return some == other;
    }

    @Override
    final void update(Run run, long taken) {
        double step = taken + 1;
        // In double precision: for a beta near 1, the difference would lose most of its digits in float.
        AdamStep settings = new AdamStep(
                run.learningRate(),
                beta1,
                beta2,
                epsilon,
                run.weightDecay(weightDecay),
                decoupled,
                (float) (1 - Math.pow(beta1, step)),
                (float) (1 - Math.pow(beta2, step)));
        run.kernels().adam(run.length(), settings, run.values(), run.gradients(), run.state(MEAN), run.state(SQUARE));
    }
}
