package dev.striate.nn;

import dev.striate.Shape;

/** A layer that keeps the shape of its input. */
abstract class Elementwise extends Block {

    @Override
    protected final Shape shapeRule(Shape input) {
        return input;
    }

    @Override
    protected final ReceptiveField receptiveField(Shape input, ReceptiveField seen) {
        return seen;
    }

    @Override
    public BlockConfig config() {
        return BlockConfig.of(this);
    }
}
