package dev.striate.nn;

import dev.striate.Tensor;

/** {@code x} if positive, otherwise {@code alpha * (e^x - 1)} (Clevert et al., 2016). */
public final class Elu extends Elementwise {

    private final float alpha;

    public Elu(float alpha) {
        this.alpha = alpha;
    }

    @Override
    protected Tensor compute(Tensor x) {
        return x.elu(alpha);
    }

    @Override
    public BlockConfig config() {
        return super.config().with("alpha", alpha);
    }

    @Override
    public String toString() {
        return "Elu(" + alpha + ")";
    }
}
