package dev.striate.nn;

import dev.striate.Tensor;

/** {@code 1 / (1 + e^-x)}. */
public final class Sigmoid extends Elementwise {

    @Override
    public Tensor forward(Tensor x) {
        return x.sigmoid();
    }
}
