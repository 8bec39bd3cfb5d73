package dev.striate.nn;

import dev.striate.Tensor;

/** {@code x - log(sum(e^x))} along an axis; a negative axis counts from the end. */
public final class LogSoftmax extends Elementwise {

    private final int axis;

    public LogSoftmax(int axis) {
        this.axis = axis;
    }

    @Override
    protected Tensor compute(Tensor x) {
        return x.logSoftmax(axis);
    }

    @Override
    public BlockConfig config() {
        return super.config().with("axis", axis);
    }

    @Override
    public String toString() {
        return "LogSoftmax(" + axis + ")";
    }
}
