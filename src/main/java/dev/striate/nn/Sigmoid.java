package dev.striate.nn;

import dev.striate.Tensor;

/** {@code 1 / (1 + e^-x)}. */
public final class Sigmoid extends Elementwise {

    @Override
    protected Tensor compute(Tensor x) {
        return x.sigmoid();
    }
}
