package dev.striate.data;

import java.util.List;
import java.util.function.UnaryOperator;

/**
 * The training and test sets of a data set.
 *
 * @param train the training set
 * @param test  the test set; it should have no image in common with the training set
 */
public record Splits(Dataset train, Dataset test) {

    /** Returns the names of the classes, in the order of their labels. */
    public List<String> classNames() {
        return train.classNames();
    }

    /** Returns both sets after applying the same function to each. */
    public Splits map(UnaryOperator<Dataset> view) {
        return new Splits(view.apply(train), view.apply(test));
    }
}
