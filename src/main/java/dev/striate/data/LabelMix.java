package dev.striate.data;

import dev.striate.StriateException;

/**
 * The second labels of a batch whose images were mixed with each other. With the mean losses of the batch for its
 * {@linkplain Batch#labels() own labels} and for the labels of the partners, the loss of the mixed batch is {@code
 * share * own + (1 - share) * partners}.
 *
 * @param labels the class of the image that each image was mixed with
 * @param share  the weight of the images' own labels, in 0 .. 1
 */
public record LabelMix(int[] labels, float share) {

    /** @throws StriateException unless the share is in 0 .. 1 */
    public LabelMix {
        if (!(share >= 0 && share <= 1)) {
            throw new StriateException("LabelMix: a share is in 0 .. 1, got " + share);
        }
    }
}
