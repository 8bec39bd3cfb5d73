package dev.striate.backend;

/**
 * Negative log-likelihood of given log-probabilities: an example's loss is {@code -x[label]}. All labels are
 * valid: from 0 to classes-1 or the ignored label. There is no label smoothing.
 */
public interface NllKernels {

    /**
     * @param loss  out: one element, or one per example without reduction
     * @param saved out: the number of examples that are not ignored; one element
     */
    void forward(ClassificationGeometry g, Buffer logProbabilities, IndexBuffer labels, Buffer loss, Buffer saved);

    /** {@code dx = -scale} at the label and 0 elsewhere; scale as in {@link CrossEntropyKernels#gradient}. */
    void gradient(ClassificationGeometry g, IndexBuffer labels, Buffer saved, Buffer dy, Buffer dx);
}
