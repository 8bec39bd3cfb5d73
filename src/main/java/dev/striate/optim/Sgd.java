package dev.striate.optim;

import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.backend.SgdStep;
import java.util.Map;

/**
 * Stochastic gradient descent, with momentum (Polyak, 1964), Nesterov's look-ahead (Sutskever et al., 2013) and weight
 * decay as in PyTorch: {@code g += weightDecay w; v = momentum v + (1 - dampening) g; w -= lr v}, or {@code w -= lr (g
 * + momentum v)} with Nesterov. In the first step of a parameter with momentum, {@code v = g} without dampening.
 */
public final class Sgd extends Optimizer {

    private static final String VELOCITY = "sgd.velocity";

    private float momentum;
    private float dampening;
    private float weightDecay;
    private boolean nesterov;

    public Sgd(Map<String, Tensor> parameters, float learningRate) {
        super(parameters, learningRate);
    }

    /**
     * Sets the factor by which each step multiplies the velocity; 0 by default. Once it was above 0, steps with a
     * factor of 0 leave velocities and {@link #parameterSteps} unchanged.
     */
    public Sgd momentum(float wanted) {
        momentum = Require.fraction("momentum", wanted);
        if (momentum > 0 && !hasState(VELOCITY)) {
            addState(VELOCITY);
        }
        return this;
    }

    /** Sets the fraction of the gradient that is not added to the velocity; 0 by default. */
    public Sgd dampening(float wanted) {
        dampening = Require.atLeastZero("dampening", wanted);
        return this;
    }

    /** Sets the weight decay, the factor by which weights are multiplied and added to their gradients; 0 by default. */
    public Sgd weightDecay(float wanted) {
        weightDecay = Require.atLeastZero("weight decay", wanted);
        return this;
    }

    @Override
    public Sgd weightDecay(String pattern, float decay) {
        super.weightDecay(pattern, decay);
        return this;
    }

    @Override
    public Sgd learningRateFactor(String pattern, float factor) {
        super.learningRateFactor(pattern, factor);
        return this;
    }

    /**
     * Turns Nesterov momentum on or off; off by default. It requires momentum above 0 and no dampening, which {@link
     * #step} checks.
     */
    public Sgd nesterov(boolean wanted) {
        nesterov = wanted;
        return this;
    }

    @Override
    void checkSettings() {
        if (nesterov && (momentum == 0 || dampening != 0)) {
            throw new StriateException("Sgd: Nesterov needs momentum above 0 and no dampening, got momentum " + momentum
                    + " and dampening " + dampening);
        }
    }

    @Override
    boolean countsSteps() {
        return momentum > 0 || !hasState(VELOCITY);
    }

    @Override
    boolean updatesAlike(long some, long other) {
        return momentum == 0 || (some == 0) == (other == 0);
    }

    @Override
    void update(Run run, long taken) {
        SgdStep step = new SgdStep(
                run.learningRate(), momentum, dampening, run.weightDecay(weightDecay), nesterov, taken == 0);
        run.kernels()
                .sgd(run.length(), step, run.values(), run.gradients(), momentum == 0 ? null : run.state(VELOCITY));
    }
}
