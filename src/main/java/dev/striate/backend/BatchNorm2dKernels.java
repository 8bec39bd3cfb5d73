package dev.striate.backend;

import org.jspecify.annotations.Nullable;

/**
 * Batch normalisation (Ioffe and Szegedy, 2015): {@code y = gamma (x - mean) / sqrt(variance + epsilon) + beta} per
 * channel. {@code gamma}, {@code beta}, means and variances have one element per channel. A variance is computed in two
 * passes, and merged from parts by the formula of Chan, Golub and LeVeque (1983), never as E[x^2] - E[x]^2. Elements
 * may be as large as 1e35: a batch variance that exceeds float32 is handled, only the running variance becomes
 * infinite. Deviations below 1e-19, whose squares vanish, count as 0 beside epsilon.
 */
public interface BatchNorm2dKernels {

    /**
     * Normalises by the batch's own statistics, with its biased variance (divided by the number of elements M).
     *
     * @param relu       whether y is max(that, 0) instead
     * @param statistics out: the batch's
     * @param running    updated, or null
     */
    void forwardTraining(
            BatchNorm2dGeometry g,
            Buffer x,
            NormParameters parameters,
            boolean relu,
            Buffer y,
            NormStatistics statistics,
            @Nullable RunningStatistics running);

    /** Normalises by given statistics; y is max(that, 0) with {@code relu}. */
    void forwardInference(
            BatchNorm2dGeometry g,
            Buffer x,
            NormParameters parameters,
            NormStatistics statistics,
            boolean relu,
            Buffer y);

    /**
     * With {@code xhat = (x - mean) / sqrt(variance + epsilon)}: {@code dgamma = sum(dy xhat)}, {@code dbeta =
     * sum(dy)}, {@code dx = gamma / sqrt(variance + epsilon) (dy - dbeta/M - xhat dgamma/M)}, the last two terms only
     * for the statistics of a batch.
     *
     * @param statistics those that x was normalised by
     */
    void gradient(
            BatchNorm2dGeometry g,
            Buffer x,
            Buffer gamma,
            NormStatistics statistics,
            Buffer dy,
            NormGradients gradients);
}
