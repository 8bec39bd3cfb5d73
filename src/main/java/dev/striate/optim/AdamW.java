package dev.striate.optim;

import dev.striate.Tensor;
import java.util.Map;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, 2019): before Adam's step, {@code w -= lr weightDecay w}; 0.01 unless
 * set.
 */
public final class AdamW extends AdamFamily<AdamW> {

    public AdamW(Map<String, Tensor> parameters, float learningRate) {
        super(parameters, learningRate, true, 0.01f);
    }

    @Override
    AdamW self() {
        return this;
    }
}
