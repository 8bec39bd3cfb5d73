package dev.striate.nn;

import dev.striate.Tensor;

/** The hyperbolic tangent. */
public final class Tanh extends Elementwise {

    @Override
    public Tensor forward(Tensor x) {
        return x.tanh();
    }
}
