package dev.striate.nn;

import dev.striate.Tensor;

/** {@code x} if positive, otherwise {@code slope * x}. */
public final class LeakyRelu extends Elementwise {

    private final float slope;

    public LeakyRelu(float slope) {
        this.slope = slope;
    }

    @Override
    protected Tensor compute(Tensor x) {
        return x.leakyRelu(slope);
    }

    @Override
    public BlockConfig config() {
        return super.config().with("slope", slope);
    }

    @Override
    public String toString() {
        return "LeakyRelu(" + slope + ")";
    }
}
