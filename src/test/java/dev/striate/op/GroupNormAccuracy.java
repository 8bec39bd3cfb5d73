package dev.striate.op;

import static dev.striate.op.OpCase.UNIT;

import java.util.function.IntUnaryOperator;

/**
 * Bounds for runs of M consecutive elements that are normalised, scaled by a weight and shifted by a bias. They follow
 * as those of {@link BatchNorm2dAccuracy} do; the weight, which differs within a run, belongs to each gradient.
 */
final class GroupNormAccuracy implements Accuracy {

    private final int runs;
    private final double epsilon;
    private final int weight;
    private final int bias;
    private final IntUnaryOperator parameterOf;

    /**
     * @param weight      which input it is, or -1
     * @param bias        which input it is, or -1
     * @param parameterOf the place of an element's weight and bias
     */
    GroupNormAccuracy(int runs, float epsilon, int weight, int bias, IntUnaryOperator parameterOf) {
        this.runs = runs;
        this.epsilon = epsilon;
        this.weight = weight;
        this.bias = bias;
        this.parameterOf = parameterOf;
    }

    @Override
    public Tolerances of(OpCase c, CaseRun reference) {
        double[][] in = c.inputValues();
        double[] x = in[0];
        int m = x.length / runs;
        double[] dy = c.upstreamValues(x.length);
        double[] y = new double[x.length];
        double[] dx = new double[x.length];
        double[] weightMagnitude = new double[weight < 0 ? 0 : in[weight].length];
        double[] weightError = new double[weightMagnitude.length];
        double[] biasMagnitude = new double[bias < 0 ? 0 : in[bias].length];
        double[] xhat = new double[m];
        double[] xhatError = new double[m];
        double[] dxhat = new double[m];
        double a = 8 * Math.sqrt(m) * UNIT;
        for (int run = 0; run < runs; run++) {
            int start = run * m;
            double mean = 0;
            double meanMagnitude = 0;
            double min = Double.POSITIVE_INFINITY;
            double max = Double.NEGATIVE_INFINITY;
            for (int i = start; i < start + m; i++) {
                mean += x[i] / m;
                meanMagnitude += Math.abs(x[i]) / m;
                min = Math.min(min, x[i]);
                max = Math.max(max, x[i]);
            }
            double variance = 0;
            for (int i = start; i < start + m; i++) {
                variance += (x[i] - mean) * (x[i] - mean) / m;
            }
            double meanError = Math.min(a * meanMagnitude, a * (max - min) + 2 * UNIT * Math.abs(mean));
            double inverse = 1 / Math.sqrt(variance + epsilon);
            double relative = (a * variance + meanError * meanError) * inverse * inverse + 4 * UNIT;
            double sum = 0;
            double sumWithXhat = 0;
            double sumOfErrors = 0;
            for (int i = 0; i < m; i++) {
                int at = start + i;
                int parameter = parameterOf.applyAsInt(at);
                double scale = weight < 0 ? 1 : Math.abs(in[weight][parameter]);
                double shift = bias < 0 ? 0 : Math.abs(in[bias][parameter]);
                xhat[i] = Math.abs(x[at] - mean) * inverse;
                xhatError[i] =
                        inverse * (meanError + 4 * UNIT * (Math.abs(x[at]) + Math.abs(mean))) + xhat[i] * relative;
                y[at] = scale * xhatError[i] + 4 * UNIT * (scale * xhat[i] + shift);
                dxhat[i] = scale * Math.abs(dy[at]);
                sum += dxhat[i];
                sumWithXhat += dxhat[i] * xhat[i];
                sumOfErrors += dxhat[i] * xhatError[i];
                if (weight >= 0) {
                    weightMagnitude[parameter] += Math.abs(dy[at]) * xhat[i];
                    weightError[parameter] += Math.abs(dy[at]) * xhatError[i];
                }
                if (bias >= 0) {
                    biasMagnitude[parameter] += Math.abs(dy[at]);
                }
            }
            double sumError = a * sum;
            double sumWithXhatError = a * sumWithXhat + sumOfErrors;
            for (int i = 0; i < m; i++) {
                double terms = dxhat[i] + (sum + xhat[i] * sumWithXhat) / m;
                double error = (sumError + xhat[i] * sumWithXhatError + xhatError[i] * sumWithXhat) / m;
                dx[start + i] = inverse * (error + (relative + 4 * UNIT) * terms);
            }
        }
        double[][] gradients = new double[in.length][];
        gradients[0] = dx;
        if (weight >= 0) {
            int terms = x.length / weightMagnitude.length;
            for (int i = 0; i < weightError.length; i++) {
                weightError[i] += Accuracy.sum(terms, weightMagnitude[i]);
            }
            gradients[weight] = weightError;
        }
        if (bias >= 0) {
            int terms = x.length / biasMagnitude.length;
            for (int i = 0; i < biasMagnitude.length; i++) {
                biasMagnitude[i] = Accuracy.sum(terms, biasMagnitude[i]);
            }
            gradients[bias] = biasMagnitude;
        }
        return new Tolerances(new double[][] {y}, gradients);
    }
}
