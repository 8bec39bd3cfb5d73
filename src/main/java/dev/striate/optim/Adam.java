package dev.striate.optim;

import dev.striate.Tensor;
import java.util.Map;

/**
 * Adam (Kingma and Ba, 2015): {@code m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2; w -= lr (m / (1 -
 * beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)} where t = 1, 2, ... counts the steps of that parameter. Weight
 * decay, 0 by default, is added to the gradient as an L2 penalty; {@link AdamW} decouples it.
 */
public final class Adam extends AdamFamily<Adam> {

    public Adam(Map<String, Tensor> parameters, float learningRate) {
        super(parameters, learningRate, false, 0);
    }

    @Override
    Adam self() {
        return this;
    }
}
