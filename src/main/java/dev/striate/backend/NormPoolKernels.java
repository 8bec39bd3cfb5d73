package dev.striate.backend;

import org.jspecify.annotations.Nullable;

/**
 * Batch normalisation fused with max pooling: the intermediate, which for windows of 2 by 2 is four times as large as
 * the output, is never materialised. The values are those of {@link BatchNorm2dKernels} and {@link MaxPool2dKernels}
 * one after the other. A window's geometry has {@code batch * channels} planes.
 */
public interface NormPoolKernels {

    /**
     * {@link BatchNorm2dKernels#forwardTraining}, pooled.
     *
     * @param relu    whether y is max(that, 0) instead; the indices are those of the maxima
     * @param indices out: the position of the maximum in its plane for each element of y, as in {@link
     *     MaxPool2dKernels#forward}
     */
    void forwardTraining(
            BatchNorm2dGeometry g,
            Pool2dGeometry window,
            Buffer x,
            NormParameters parameters,
            boolean relu,
            Buffer y,
            IndexBuffer indices,
            NormStatistics statistics,
            @Nullable RunningStatistics running);

    /** {@link BatchNorm2dKernels#forwardInference}, pooled. */
    void forwardInference(
            BatchNorm2dGeometry g,
            Pool2dGeometry window,
            Buffer x,
            NormParameters parameters,
            NormStatistics statistics,
            boolean relu,
            Buffer y,
            IndexBuffer indices);

    /** {@link MaxPool2dKernels#gradient} followed by {@link BatchNorm2dKernels#gradient}. */
    void gradient(
            BatchNorm2dGeometry g,
            Pool2dGeometry window,
            Buffer x,
            Buffer gamma,
            NormStatistics statistics,
            Buffer dy,
            IndexBuffer indices,
            NormGradients gradients);
}
