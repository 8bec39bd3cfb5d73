package dev.striate.data;

import dev.striate.Shape;
import java.util.List;

/** Images held as unsigned bytes, image after image; a pixel's value is its byte divided by {@code white}. */
final class ByteImages implements Dataset {

    private final byte[] pixels;
    private final byte[] labels;
    private final Shape imageShape;
    private final float white;
    private final List<String> classNames;

    ByteImages(byte[] pixels, byte[] labels, Shape imageShape, float white, List<String> classNames) {
        this.pixels = pixels;
        this.labels = labels;
        this.imageShape = imageShape;
        this.white = white;
        this.classNames = classNames;
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
        int start = index * elements;
        for (int i = 0; i < elements; i++) {
            target[offset + i] = (pixels[start + i] & 0xFF) / white;
        }
    }

    @Override
    public int label(int index) {
        return labels[index];
    }
}
