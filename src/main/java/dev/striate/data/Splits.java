package dev.striate.data;

import java.util.function.UnaryOperator;

/**
 * The two parts of a data set.
 *
 * @param train the images to learn from
 * @param test  the images to measure by; none of them is among the others
 */
public record Splits(Dataset train, Dataset test) {

    /** Both parts, each seen through the same view. */
    public Splits map(UnaryOperator<Dataset> view) {
        return new Splits(view.apply(train), view.apply(test));
    }
}
