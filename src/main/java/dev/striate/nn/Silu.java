package dev.striate.nn;

import dev.striate.Tensor;

/** {@code x / (1 + e^-x)}, also called swish (Elfwing et al., 2018; Ramachandran et al., 2017). */
public final class Silu extends Elementwise {

    @Override
    protected Tensor compute(Tensor x) {
        return x.silu();
    }
}
