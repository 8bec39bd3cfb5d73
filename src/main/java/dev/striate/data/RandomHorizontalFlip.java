package dev.striate.data;

import dev.striate.Shape;
import dev.striate.StriateException;

/** Mirrors an image left to right with a given probability. */
public final class RandomHorizontalFlip implements Transform {

    private final float probability;

    /** @throws StriateException unless the probability is in 0 .. 1 */
    public RandomHorizontalFlip(float probability) {
        if (!(probability >= 0 && probability <= 1)) {
            throw new StriateException("RandomHorizontalFlip: a probability is in 0 .. 1, got " + probability);
        }
        this.probability = probability;
    }

    @Override
    public void apply(float[] images, int offset, Shape shape, Draws draws) {
        if (draws.uniform() >= probability) {
            return;
        }
        int width = shape.size(2);
        int end = offset + shape.elements();
        for (int row = offset; row < end; row += width) {
            for (int left = row, right = row + width - 1; left < right; left++, right--) {
                float pixel = images[left];
                images[left] = images[right];
                images[right] = pixel;
            }
        }
    }

    @Override
    public boolean isRandom() {
        return true;
    }
}
