package dev.striate.nn;

import dev.striate.Tensor;

/** {@code e^x / sum(e^x)} along an axis; a negative axis counts from the end. */
public final class Softmax extends Elementwise {

    private final int axis;

    public Softmax(int axis) {
        this.axis = axis;
    }

    @Override
    protected Tensor compute(Tensor x) {
        return x.softmax(axis);
    }

    @Override
    public BlockConfig config() {
        return super.config().with("axis", axis);
    }

    @Override
    public String toString() {
        return "Softmax(" + axis + ")";
    }
}
