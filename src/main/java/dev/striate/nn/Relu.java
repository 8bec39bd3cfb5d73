package dev.striate.nn;

import dev.striate.Tensor;

/** {@code max(x, 0)}. */
public final class Relu extends Elementwise {

    @Override
    protected Tensor compute(Tensor x) {
        return x.relu();
    }
}
