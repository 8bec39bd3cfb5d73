package dev.striate.nn;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.StriateException;
import dev.striate.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Drops each element with a given probability while training and divides the others by that of keeping (Srivastava et al., 2014);
 * gives its input back in evaluation. Masks come from the generator that {@code initialize} was given.
 */
public final class Dropout extends Elementwise {

    private final float probability;
    private @Nullable Generator generator;

    /** @throws StriateException unless {@code 0 <= probability < 1} */
    public Dropout(float probability) {
        if (!(probability >= 0 && probability < 1)) {
            throw new StriateException("Dropout: expected a probability of at least 0 and below 1, got " + probability);
        }
        this.probability = probability;
    }

    @Override
    protected void create(Device device, Generator given) {
        generator = addGenerator("generator", given);
    }

    @Override
    public Tensor forward(Tensor x) {
        if (!isTraining()) {
            return x;
        }
        if (generator == null) {
            throw new StriateException(this + " has no source of randomness yet: call initialize(device, generator) first");
        }
        return x.dropout(probability, generator);
    }

    @Override
    public String toString() {
        return "Dropout(" + probability + ")";
    }
}
