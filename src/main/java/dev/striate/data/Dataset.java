package dev.striate.data;

import java.util.List;

/** Labelled images: each image belongs to one class. */
public interface Dataset extends ImageSource {

    /** Returns the number of classes. */
    int classes();

    /** Returns the names of the classes, in the order of their labels. */
    List<String> classNames();

    /** Returns the class of image {@code index}, counted from 0. */
    int label(int index);
}
