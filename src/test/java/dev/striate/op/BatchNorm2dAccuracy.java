package dev.striate.op;

import static dev.striate.op.OpCase.UNIT;

/**
 * Bounds for batch normalisation of M elements per channel. With {@code a = 8 sqrt(M) u}: the mean is off by at most
 * {@code a mean|x|}, and by at most {@code a (max x - min x) + 2 u |mean|}, because differences from an element are
 * summed; the variance, computed around that mean, by {@code a} of itself plus the square of the mean's error; {@code
 * 1/sqrt(variance + epsilon)} relatively by no more than the variance. All else follows from the formulas in {@link
 * dev.striate.backend.BatchNorm2dKernels} by adding up what each term can contribute; the factor 4 on u covers the
 * roundings of their last few operations, in whichever order.
 */
final class BatchNorm2dAccuracy implements Accuracy {

    private final boolean training;
    private final double momentum;
    private final double epsilon;

    BatchNorm2dAccuracy(boolean training, float momentum, float epsilon) {
        this.training = training;
        this.momentum = momentum;
        this.epsilon = epsilon;
    }

    @Override
    public Tolerances of(OpCase c, CaseRun reference) {
        double[][] in = c.inputValues();
        double[] x = in[0];
        int channels = in[1].length;
        int batch = c.inputs.get(0).shape().size(0);
        int plane = x.length / batch / channels;
        int m = batch * plane;
        double[] dy = c.upstreamValues(x.length);
        double[] y = new double[x.length];
        double[] dx = new double[x.length];
        double[] dgamma = new double[channels];
        double[] dbeta = new double[channels];
        double[] runningMean = new double[channels];
        double[] runningVariance = new double[channels];
        for (int channel = 0; channel < channels; channel++) {
            int[] at = new int[m];
            double mean = 0;
            double meanMagnitude = 0;
            double min = Double.POSITIVE_INFINITY;
            double max = Double.NEGATIVE_INFINITY;
            for (int i = 0; i < m; i++) {
                at[i] = (i / plane * channels + channel) * plane + i % plane;
                mean += x[at[i]] / m;
                meanMagnitude += Math.abs(x[at[i]]) / m;
                min = Math.min(min, x[at[i]]);
                max = Math.max(max, x[at[i]]);
            }
            double variance = 0;
            for (int i : at) {
                variance += (x[i] - mean) * (x[i] - mean) / m;
            }
            double a = 8 * Math.sqrt(m) * UNIT;
            double meanError = Math.min(a * meanMagnitude, a * (max - min) + 2 * UNIT * Math.abs(mean));
            double varianceError = a * variance + meanError * meanError;
            if (!training) {
                mean = in[3][channel];
                variance = in[4][channel];
                meanError = 0;
                varianceError = 0;
            }
            double inverse = 1 / Math.sqrt(variance + epsilon);
            double relative = varianceError * inverse * inverse + 4 * UNIT;
            double gamma = Math.abs(in[1][channel]);
            double sum = 0;
            double sumWithXhat = 0;
            double sumOfErrors = 0;
            double[] xhat = new double[m];
            double[] xhatError = new double[m];
            for (int i = 0; i < m; i++) {
                xhat[i] = Math.abs(x[at[i]] - mean) * inverse;
                xhatError[i] =
                        inverse * (meanError + 4 * UNIT * (Math.abs(x[at[i]]) + Math.abs(mean))) + xhat[i] * relative;
                y[at[i]] = gamma * xhatError[i] + 4 * UNIT * (gamma * xhat[i] + Math.abs(in[2][channel]));
                sum += Math.abs(dy[at[i]]);
                sumWithXhat += Math.abs(dy[at[i]]) * xhat[i];
                sumOfErrors += Math.abs(dy[at[i]]) * xhatError[i];
            }
            dbeta[channel] = a * sum;
            dgamma[channel] = a * sumWithXhat + sumOfErrors;
            for (int i = 0; i < m; i++) {
                double terms = Math.abs(dy[at[i]]);
                double error = 0;
                if (training) {
                    terms += (sum + xhat[i] * sumWithXhat) / m;
                    error = (dbeta[channel] + xhat[i] * dgamma[channel] + xhatError[i] * sumWithXhat) / m;
                }
                dx[at[i]] = gamma * inverse * (error + (relative + 4 * UNIT) * terms);
            }
            if (training && in.length > 3) {
                double unbiased = (double) m / (m - 1);
                runningMean[channel] = momentum * meanError + 4 * UNIT * (Math.abs(mean) + Math.abs(in[3][channel]));
                runningVariance[channel] = momentum * unbiased * varianceError
                        + 4 * UNIT * (unbiased * variance + Math.abs(in[4][channel]));
            }
        }
        double[][] outputs =
                reference.outputs().length == 1 ? new double[][] {y} : new double[][] {y, runningMean, runningVariance};
        double[][] gradients = new double[in.length][];
        gradients[0] = dx;
        gradients[1] = dgamma;
        gradients[2] = dbeta;
        return new Tolerances(outputs, gradients);
    }
}
