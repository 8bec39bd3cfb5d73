package dev.striate.nn;

import dev.striate.Tensor;

/** The hyperbolic tangent. */
public final class Tanh extends Elementwise {

    @Override
    protected Tensor compute(Tensor x) {
        return x.tanh();
    }
}
