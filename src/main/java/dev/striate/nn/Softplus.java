package dev.striate.nn;

import dev.striate.Tensor;

/** {@code log(1 + e^x)} (Dugas et al., 2001). */
public final class Softplus extends Elementwise {

    @Override
    protected Tensor compute(Tensor x) {
        return x.softplus();
    }
}
