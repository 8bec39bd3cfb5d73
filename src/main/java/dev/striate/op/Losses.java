package dev.striate.op;

import static dev.striate.internal.Internals.requireSameDevice;

import dev.striate.LossReduction;
import dev.striate.ShapeException;
import dev.striate.Tensor;

/** What losses of two tensors of the same shape share. */
final class Losses {

    private Losses() {}

    /** @throws ShapeException if the shapes differ */
    static void requireSameShape(String operation, Tensor x, Tensor target) {
        requireSameDevice(operation, x, target);
        if (!x.shape().equals(target.shape())) {
            throw new ShapeException(operation + ": expected two tensors of the same shape, got " + x.shape() + " and "
                    + target.shape());
        }
    }

    /** Combines the losses of the elements. */
    static Tensor reduce(Tensor losses, LossReduction reduction) {
        return switch (reduction) {
            case NONE -> losses.reshape(losses.shape().toArray());
            case SUM -> losses.sum();
            case MEAN -> losses.mean();
        };
    }
}
