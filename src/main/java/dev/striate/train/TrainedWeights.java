package dev.striate.train;

import static dev.striate.internal.Internals.release;

import dev.striate.NoGrad;
import dev.striate.Tensor;
import dev.striate.nn.Block;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a training run: those that the optimiser changes, their moving average, and copies of the best. The
 * model usually holds the first; {@link #show} puts others in their place for a while.
 */
final class TrainedWeights implements AutoCloseable {

    private final Map<String, Tensor> model;
    private final float decay;
    private final @Nullable Map<String, Tensor> average;
    private @Nullable Map<String, Tensor> best;

    /** The optimiser's weights, while the model holds others. */
    private @Nullable Map<String, Tensor> aside;

    /** @param decay of the moving average; 0 for none */
    TrainedWeights(Block model, float decay) {
        this.model = model.state();
        this.decay = decay;
        average = decay == 0 ? null : copies();
    }

    private Map<String, Tensor> copies() {
        Map<String, Tensor> copies = new LinkedHashMap<>();
        try (NoGrad off = NoGrad.open()) {
            model.forEach((name, tensor) -> copies.put(name, release(tensor.mul(1))));
        }
        return copies;
    }

    /**
     * Updates the moving average after a step: {@code average += (1 - d) (weights - average)}. The decay {@code d} grows
     * to its final value, as in TensorFlow, so that the average soon forgets the initial weights.
     *
     * @param steps the number of steps that were made
     */
    void average(long steps) {
        if (average == null) {
            return;
        }
        float rate = 1 - Math.min(decay, (1f + steps) / (10f + steps));
        average.forEach((name, mean) -> {
            try (NoGrad off = NoGrad.open();
                    Tensor difference = Objects.requireNonNull(model.get(name)).sub(mean)) {
                mean.addInPlace(rate, difference);
            }
        });
    }

    /** Keeps a copy of the weights that the model holds. */
    void keepAsBest() {
        if (best == null) {
            best = copies();
        } else {
            assign(best, model);
        }
    }

    /** Returns the moving average, or null. */
    @Nullable
    Map<String, Tensor> averaged() {
        return average;
    }

    /** Returns the best weights, or null. */
    @Nullable
    Map<String, Tensor> best() {
        return best;
    }

    /** Returns the weights that the optimiser changes. */
    Map<String, Tensor> trained() {
        return aside == null ? model : aside;
    }

    /** Gives the model other weights, if there are any, until {@link #hide}. */
    void show(@Nullable Map<String, Tensor> others) {
        if (others != null) {
            if (aside == null) {
                aside = copies();
            }
            assign(model, others);
        }
    }

    /** Gives the model the weights that the optimiser changes. */
    void hide() {
        if (aside != null) {
            assign(model, aside);
            close(aside);
            aside = null;
        }
    }

    private static void assign(Map<String, Tensor> targets, Map<String, Tensor> values) {
        try (NoGrad off = NoGrad.open()) {
            targets.forEach((name, tensor) -> tensor.assign(Objects.requireNonNull(values.get(name))));
        }
    }

    private static void close(@Nullable Map<String, Tensor> tensors) {
        if (tensors != null) {
            tensors.values().forEach(Tensor::close);
        }
    }

    /** Frees all copies. The model keeps the weights that it holds. */
    @Override
    public void close() {
        close(average);
        close(best);
        close(aside);
    }
}
