package dev.striate.nn;

import dev.striate.Shape;
import dev.striate.Tensor;
import dev.striate.op.Reshape;

/** Merges all axes from a given one on: maps {@code (N, C, H, W)} to {@code (N, C*H*W)}. Shares memory. */
public final class Flatten extends Block {

    private final int fromAxis;

    /** Creates a layer that makes one row per example. */
    public Flatten() {
        this(1);
    }

    public Flatten(int fromAxis) {
        this.fromAxis = fromAxis;
    }

    @Override
    protected Tensor compute(Tensor x) {
        return x.flatten(fromAxis);
    }

    @Override
    protected Shape shapeRule(Shape input) {
        return Reshape.flattened(input, fromAxis);
    }

    @Override
    protected ReceptiveField receptiveField(Shape input, ReceptiveField seen) {
        return seen;
    }

    @Override
    public BlockConfig config() {
        return BlockConfig.of(this).with("fromAxis", fromAxis);
    }
}
