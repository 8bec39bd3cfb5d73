package dev.striate.nn;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.StriateException;
import dev.striate.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * In training, sets each element to 0 with a given probability and divides the others by 1 - probability (Srivastava et
 * al., 2014). In evaluation, returns its input. The masks come from the generator passed to {@code initialize}.
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
    protected Tensor compute(Tensor x) {
        if (!isTraining()) {
            return x;
        }
        if (generator == null) {
            throw new StriateException(this + " has no random generator yet: call initialize(device, generator) first");
        }
        return x.dropout(probability, generator);
    }

    @Override
    public BlockConfig config() {
        return super.config().with("probability", probability);
    }

    @Override
    public String toString() {
        return "Dropout(" + probability + ")";
    }
}
