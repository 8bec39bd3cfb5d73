package dev.striate.data;

import dev.striate.Shape;
import java.util.List;

/**
 * A fixed number of labelled images of one shape. Implementations must support reading by several threads at the same
 * time.
 */
public interface Dataset {

    /** Returns the number of images, at least 1. */
    int size();

    /** Returns the shape of each image, {@code (channels, height, width)}. */
    Shape imageShape();

    /** Returns the number of classes. */
    int classes();

    /** Returns the names of the classes, in the order of their labels. */
    List<String> classNames();

    /**
     * Copies image {@code index} into {@code target}, starting at {@code offset}, in row-major order of {@link
     * #imageShape()}. The same index always gives the same values.
     */
    void read(int index, float[] target, int offset);

    /** Returns the class of image {@code index}, counted from 0. */
    int label(int index);
}
