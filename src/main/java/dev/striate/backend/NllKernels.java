package dev.striate.backend;

/**
 * Negative log-likelihood of given log-probabilities: an example's loss is {@code -x[label]}. Labels were checked: each is in
 * 0 .. classes-1 or the ignored one. Label smoothing does not apply.
 */
public interface NllKernels {

    /**
     * @param loss  out: one element, or one per example without reduction
     * @param saved out: the number of examples that count; one element
     */
    void forward(ClassificationGeometry g, Buffer logProbabilities, IndexBuffer labels, Buffer loss, Buffer saved);

    /** {@code dx = -scale} at the label, else 0; scale as in {@link CrossEntropyKernels#gradient}. */
    void gradient(ClassificationGeometry g, IndexBuffer labels, Buffer saved, Buffer dy, Buffer dx);
}
