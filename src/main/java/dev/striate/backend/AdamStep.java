package dev.striate.backend;

/**
 * One step of Adam (Kingma and Ba, 2015) or AdamW (Loshchilov and Hutter, 2019).
 *
 * @param decoupled   whether weight decay is applied to the weights, as in AdamW, instead of being added to the
 *     gradient
 * @param correction1 {@code 1 - beta1^t} at step t = 1, 2, ...
 * @param correction2 {@code 1 - beta2^t}
 */
public record AdamStep(
        float learningRate,
        float beta1,
        float beta2,
        float epsilon,
        float weightDecay,
        boolean decoupled,
        float correction1,
        float correction2) {}
