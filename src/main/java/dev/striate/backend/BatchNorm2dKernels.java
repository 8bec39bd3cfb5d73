package dev.striate.backend;

import org.jspecify.annotations.Nullable;

/**
 * Batch normalisation (Ioffe and Szegedy, 2015): {@code y = gamma (x - mean) / sqrt(variance + epsilon) + beta} per
 * channel. {@code gamma}, {@code beta}, means and variances have one element per channel. A variance is computed in two
 * passes or by Welford's update, never as E[x^2] - E[x]^2. Elements may be as large as 1e35: a batch variance that
 * exceeds float32 is handled, only the running variance becomes infinite. Deviations below 1e-19, whose squares vanish,
 * count as 0 beside epsilon.
 */
public interface BatchNorm2dKernels {

    /**
     * Normalises by the batch's own statistics.
     *
     * @param relu            whether y is max(that, 0) instead
     * @param mean            out: the batch's mean
     * @param reciprocal      out: {@code 1 / sqrt(variance + epsilon)} with the batch's biased variance (divided by the
     *     number of elements M); the variance itself may exceed float32
     * @param runningMean     updated to {@code (1 - momentum) running + momentum mean}, or null
     * @param runningVariance the same with the unbiased variance (divided by M - 1), null together with {@code
     *     runningMean}
     */
    void forwardTraining(
            BatchNorm2dGeometry g,
            float momentum,
            boolean relu,
            Buffer x,
            Buffer gamma,
            Buffer beta,
            Buffer y,
            Buffer mean,
            Buffer reciprocal,
            @Nullable Buffer runningMean,
            @Nullable Buffer runningVariance);

    /** Normalises by given statistics; y is max(that, 0) with {@code relu}. */
    void forwardInference(
            BatchNorm2dGeometry g,
            boolean relu,
            Buffer x,
            Buffer gamma,
            Buffer beta,
            Buffer mean,
            Buffer variance,
            Buffer y);

    /**
     * With {@code xhat = (x - mean) / sqrt(variance + epsilon)}: {@code dgamma = sum(dy xhat)}, {@code dbeta =
     * sum(dy)}, {@code dx = gamma / sqrt(variance + epsilon) (dy - dbeta/M - xhat dgamma/M)}, the last two terms only
     * with {@code batchStatistics}. Each result may be null if it is not wanted.
     *
     * @param batchStatistics whether mean and variance were computed from x
     * @param spread          the reciprocal that {@link #forwardTraining} left, or the variance that {@link
     *     #forwardInference} was given
     */
    void gradient(
            BatchNorm2dGeometry g,
            boolean batchStatistics,
            Buffer x,
            Buffer gamma,
            Buffer mean,
            Buffer spread,
            Buffer dy,
            @Nullable Buffer dx,
            @Nullable Buffer dgamma,
            @Nullable Buffer dbeta);
}
