package dev.striate.optim;

import dev.striate.Tensor;
import java.util.Map;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, 2019): {@code w -= lr weightDecay w} before Adam's step. The
 * weight decay is 0.01 by default.
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
