package dev.striate.backend;

import org.jspecify.annotations.Nullable;

/**
 * Batch normalisation and maximum pooling of its result, which is not written: before windows of 2 by 2 it is four times as large
 * as after them. The values are those of {@link BatchNorm2dKernels} and {@link MaxPool2dKernels} one after the other. A window's
 * geometry has {@code batch * channels} planes.
 */
public interface NormPoolKernels {

    /**
     * {@link BatchNorm2dKernels#forwardTraining}, pooled.
     *
     * @param relu    whether y is max(that, 0) instead; the indices are those of the maxima
     * @param indices out: per element of y the place of the maximum in its plane, as {@link MaxPool2dKernels#forward} gives it
     */
    void forwardTraining(
            BatchNorm2dGeometry g,
            Pool2dGeometry window,
            float momentum,
            boolean relu,
            Buffer x,
            Buffer gamma,
            Buffer beta,
            Buffer y,
            IndexBuffer indices,
            Buffer mean,
            Buffer reciprocal,
            @Nullable Buffer runningMean,
            @Nullable Buffer runningVariance);

    /** {@link BatchNorm2dKernels#forwardInference}, pooled. */
    void forwardInference(
            BatchNorm2dGeometry g,
            Pool2dGeometry window,
            boolean relu,
            Buffer x,
            Buffer gamma,
            Buffer beta,
            Buffer mean,
            Buffer variance,
            Buffer y,
            IndexBuffer indices);

    /** {@link BatchNorm2dKernels#gradient} of what {@link MaxPool2dKernels#gradient} makes of {@code dy}. */
    void gradient(
            BatchNorm2dGeometry g,
            Pool2dGeometry window,
            boolean batchStatistics,
            Buffer x,
            Buffer gamma,
            Buffer mean,
            Buffer spread,
            Buffer dy,
            IndexBuffer indices,
            @Nullable Buffer dx,
            @Nullable Buffer dgamma,
            @Nullable Buffer dbeta);
}
