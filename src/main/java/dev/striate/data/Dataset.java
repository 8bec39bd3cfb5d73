package dev.striate.data;

import dev.striate.Shape;
import java.util.List;

/** A fixed number of images of one shape, each with a class. May be read by several threads at once. */
public interface Dataset {

    /** The number of images, at least 1. */
    int size();

    /** The shape of every image, {@code (channels, height, width)}. */
    Shape imageShape();

    /** The number of classes. */
    int classes();

    /** What the classes are called, in the order of their labels. */
    List<String> classNames();

    /**
     * Writes image {@code index}, in row-major order of {@link #imageShape()}, to {@code target} from {@code offset} on. The same
     * index always gives the same values.
     */
    void read(int index, float[] target, int offset);

    /** The class of image {@code index}, from 0. */
    int label(int index);
}
