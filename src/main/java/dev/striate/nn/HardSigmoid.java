package dev.striate.nn;

import dev.striate.Tensor;

/** {@code min(max(x + 3, 0), 6) / 6} (Courbariaux et al., 2015, with the slope of MobileNetV3). */
public final class HardSigmoid extends Elementwise {

    @Override
    protected Tensor compute(Tensor x) {
        return x.hardSigmoid();
    }
}
