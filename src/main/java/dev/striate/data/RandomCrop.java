package dev.striate.data;

import dev.striate.Shape;
import dev.striate.StriateException;
import java.util.Arrays;

/**
 * Pads an image with zeros on all sides and crops it to its original size at a random position. This shifts the image
 * by up to {@code padding} pixels in each direction. The border is black before a {@link Normalize}, and has the mean
 * colour after it.
 */
public final class RandomCrop implements Transform {

    /** The number of shifts along an axis, {@code 2 padding + 1}, must fit into an int. */
    private static final int MOST = (Integer.MAX_VALUE - 1) / 2;

    private final int padding;

    /** @throws StriateException unless the padding is in 0 .. 2^30 - 1 */
    public RandomCrop(int padding) {
        if (padding < 0 || padding > MOST) {
            throw new StriateException("RandomCrop: a padding is in 0 .. " + MOST + ", got " + padding);
        }
        this.padding = padding;
    }

    @Override
    public void apply(float[] images, int offset, Shape shape, Draws draws) {
        int down = draws.below(2 * padding + 1) - padding;
        int right = draws.below(2 * padding + 1) - padding;
        crop(images, offset, shape, down, right);
    }

    @Override
    public boolean isRandom() {
        return true;
    }

    /**
     * Sets pixel (row, column) to the old pixel (row + down, column + right), or to zero if that is outside the image.
     */
    static void crop(float[] images, int offset, Shape shape, int down, int right) {
        int height = shape.size(1);
        int width = shape.size(2);
        int top = Math.min(height, Math.max(0, -down));
        int bottom = Math.max(top, Math.min(height, height - down));
        int left = Math.min(width, Math.max(0, -right));
        int end = Math.max(left, Math.min(width, width - right));
        // All pixels move by the same distance in memory. Pixels that come from another row or channel, or from
        // outside, are cleared.
        int elements = shape.elements();
        long distance = (long) down * width + right;
        if (Math.abs(distance) < elements) {
            int by = (int) distance;
            System.arraycopy(
                    images, offset + Math.max(0, by), images, offset + Math.max(0, -by), elements - Math.abs(by));
        }
        for (int plane = offset; plane < offset + elements; plane += height * width) {
            Arrays.fill(images, plane, plane + top * width, 0);
            Arrays.fill(images, plane + bottom * width, plane + height * width, 0);
            for (int row = plane + top * width; row < plane + bottom * width; row += width) {
                clear(images, row, row + left);
                clear(images, row + end, row + width);
            }
        }
    }

    /** Clears a few pixels. For so few, a call of {@link Arrays#fill} takes longer than the loop. */
    private static void clear(float[] images, int from, int to) {
        for (int i = from; i < to; i++) {
            images[i] = 0;
        }
    }
}
