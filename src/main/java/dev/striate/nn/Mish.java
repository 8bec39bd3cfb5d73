package dev.striate.nn;

import dev.striate.Tensor;

/** {@code x * tanh(log(1 + e^x))} (Misra, 2019). */
public final class Mish extends Elementwise {

    @Override
    protected Tensor compute(Tensor x) {
        return x.mish();
    }
}
