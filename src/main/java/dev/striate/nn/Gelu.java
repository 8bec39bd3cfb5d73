package dev.striate.nn;

import dev.striate.Tensor;

/** {@code x * F(x)} with the normal distribution function F (Hendrycks and Gimpel, 2016). */
public final class Gelu extends Elementwise {

    @Override
    protected Tensor compute(Tensor x) {
        return x.gelu();
    }
}
