package dev.striate.data;

import dev.striate.Shape;
import dev.striate.StriateException;
import java.util.Arrays;

/**
 * Puts a border of zeros around an image and cuts a part of its old size out of that at random; in other words, shifts the image
 * by up to {@code padding} pixels each way. Before a {@link Normalize} the border is black, after one it has the mean's colour.
 */
public final class RandomCrop implements Transform {

    private final int padding;

    /** @throws StriateException if the padding is negative */
    public RandomCrop(int padding) {
        if (padding < 0) {
            throw new StriateException("RandomCrop: a padding is 0 or more, got " + padding);
        }
        this.padding = padding;
    }

    @Override
    public void apply(float[] images, int offset, Shape shape, Draws draws) {
        int down = draws.below(2 * padding + 1) - padding;
        int right = draws.below(2 * padding + 1) - padding;
        int plane = shape.size(1) * shape.size(2);
        for (int channel = 0; channel < shape.size(0); channel++) {
            crop(images, offset + channel * plane, shape.size(1), shape.size(2), down, right);
        }
    }

    @Override
    public boolean isRandom() {
        return true;
    }

    /** Pixel (row, column) becomes what pixel (row + down, column + right) was, zero where that is outside. */
    static void crop(float[] images, int start, int height, int width, int down, int right) {
        int kept = Math.max(0, width - Math.abs(right));
        int from = Math.max(0, right);
        int to = Math.max(0, -right);
        for (int i = 0; i < height; i++) {
            // In place: a row must be read before it is overwritten.
            int row = down >= 0 ? i : height - 1 - i;
            int target = start + row * width;
            int source = row + down;
            if (source < 0 || source >= height || kept == 0) {
                Arrays.fill(images, target, target + width, 0);
            } else {
                System.arraycopy(images, start + source * width + from, images, target + to, kept);
                Arrays.fill(images, target, target + to, 0);
                Arrays.fill(images, target + to + kept, target + width, 0);
            }
        }
    }
}
