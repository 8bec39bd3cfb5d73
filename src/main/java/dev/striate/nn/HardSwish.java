package dev.striate.nn;

import dev.striate.Tensor;

/** {@code x * min(max(x + 3, 0), 6) / 6} (Howard et al., 2019). */
public final class HardSwish extends Elementwise {

    @Override
    protected Tensor compute(Tensor x) {
        return x.hardSwish();
    }
}
