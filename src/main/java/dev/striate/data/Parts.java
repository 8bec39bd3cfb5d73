package dev.striate.data;

/**
 * The two parts of a data set that was split. They have no image in common.
 *
 * @param <D>    {@link Dataset} or {@link TargetDataset}
 * @param first  the part that is left, usually for training
 * @param second the part that was held out
 * @see Datasets#split(Dataset, double, long)
 */
public record Parts<D extends ImageSource>(D first, D second) {}
