package dev.striate.data;

import dev.striate.Shape;
import dev.striate.StriateException;
import java.util.List;

/**
 * Images that are stored as unsigned bytes, one after another. The value of a pixel is its byte divided by {@code
 * white}.
 */
final class ByteImages implements Dataset {

    /** The longest array that a JVM allocates, to within a few bytes. */
    private static final int MAX_BYTES = Integer.MAX_VALUE - 8;

    /** Parts with the same number of images each. A part may end with unused bytes. */
    private final byte[][] pixels;

    private final int imagesPerPart;
    private final int[] labels;
    private final Shape imageShape;
    private final List<String> classNames;

    /** The value of each byte. A table look-up is faster than a division and gives the same bits. */
    private final float[] values = new float[256];

    ByteImages(byte[] pixels, int[] labels, Shape imageShape, float white, List<String> classNames) {
        this(new byte[][] {pixels}, labels, imageShape, white, classNames);
    }

    ByteImages(byte[][] pixels, int[] labels, Shape imageShape, float white, List<String> classNames) {
        this.pixels = pixels;
        this.imagesPerPart = labels.length / pixels.length;
        this.labels = labels;
        this.imageShape = imageShape;
        this.classNames = classNames;
        for (int i = 0; i < values.length; i++) {
            values[i] = i / white;
        }
    }

    /** Returns the number of bytes that the images take in one array. */
    static int bytes(int images, Shape imageShape) {
        long bytes = (long) images * imageShape.elements();
        if (bytes > MAX_BYTES) {
            throw new StriateException(images + " images of " + imageShape + " take " + bytes + " bytes, more than the "
                    + MAX_BYTES + " that one part of a data set can have; make the images smaller");
        }
        return (int) bytes;
    }

    @Override
    public int size() {
        return labels.length;
    }

    @Override
    public Shape imageShape() {
        return imageShape;
    }

    @Override
    public int classes() {
        return classNames.size();
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }

    @Override
    public void read(int index, float[] target, int offset) {
        int elements = imageShape.elements();
        byte[] part = pixels[index / imagesPerPart];
        int start = index % imagesPerPart * elements;
        for (int i = 0; i < elements; i++) {
            target[offset + i] = values[part[start + i] & 0xFF];
        }
    }

    @Override
    public int label(int index) {
        return labels[index];
    }
}
