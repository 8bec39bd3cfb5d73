package dev.striate.data;

import dev.striate.Shape;

/** {@link CountingImages} with targets: value i of the target of image n is {@code -100 n - i}. */
record CountingTargets(int size, Shape targetShape) implements TargetDataset {

    @Override
    public Shape imageShape() {
        return Shape.of(1, 2, 3);
    }

    @Override
    public void read(int index, float[] target, int offset) {
        new CountingImages(size).read(index, target, offset);
    }

    @Override
    public void readTarget(int index, float[] target, int offset) {
        for (int i = 0; i < targetShape.elements(); i++) {
            target[offset + i] = -100 * index - i;
        }
    }
}
