package dev.striate.optim;

import dev.striate.Tensor;
import java.util.Map;

/**
 * Adam (Kingma and Ba, 2015): {@code m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
 * w -= lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)} at the parameter's own step t = 1, 2, ... Weight decay, 0
 * unless set, is added to the gradient; see {@link AdamW} for the other way.
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
