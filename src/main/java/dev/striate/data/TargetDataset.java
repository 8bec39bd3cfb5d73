package dev.striate.data;

import dev.striate.Shape;

/**
 * Images whose targets are not single classes: numbers, several labels, or images such as the masks of a segmentation.
 * All targets have the same shape. For example, two numbers per image:
 *
 * <pre>{@code
 * record Positions(float[][] pixels, float[][] positions) implements TargetDataset {
 *     public int size() { return pixels.length; }
 *
 *     public Shape imageShape() { return Shape.of(1, 28, 28); }
 *
 *     public void read(int index, float[] target, int offset) {
 *         System.arraycopy(pixels[index], 0, target, offset, 28 * 28);
 *     }
 *
 *     public Shape targetShape() { return Shape.of(2); }
 *
 *     public void readTarget(int index, float[] target, int offset) {
 *         System.arraycopy(positions[index], 0, target, offset, 2);
 *     }
 * }
 * }</pre>
 */
public interface TargetDataset extends ImageSource {

    /**
     * Returns the shape of the target of one image: {@code ()} for a number, {@code (K)} for K numbers or K labels that
     * are 0 or 1, {@code (channels, height, width)} for an image.
     */
    Shape targetShape();

    /**
     * Copies the target of image {@code index} into {@code target}, starting at {@code offset}, in row-major order of
     * {@link #targetShape()}. The same index always gives the same values.
     */
    void readTarget(int index, float[] target, int offset);
}
