package dev.striate.data;

/**
 * The two parts of a data set.
 *
 * @param train the images to learn from
 * @param test  the images to measure by; none of them is among the others
 */
public record Splits(Dataset train, Dataset test) {}
