package dev.striate.op;

import static dev.striate.op.OpCase.UNIT;

import dev.striate.Device;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * How far a float32 backend's results may lie from the reference's. Bounds follow from the number of roundings and the
 * size of what is rounded; none was fitted to a backend.
 *
 * <p>With u = 2^-24, a sum of K products computed in float32 in any order has an error of about {@code sqrt(K) u sum|a
 * b|} if roundings are independent, and of at most {@code K u sum|a b|}. The bound used throughout is {@code 8 sqrt(K)
 * u S}, S being the sum of magnitudes: eight deviations. For K up to 64 it also covers the worst case.
 *
 * <p>Every bound grows by the smallest normal number, since devices may flush what is below to zero.
 */
@FunctionalInterface
interface Accuracy {

    /** For each result and each gradient, element by element, how large an error may be. */
    record Tolerances(double[][] outputs, double @Nullable [][] gradients) {

        public Tolerances {
            addSmallestNormal(outputs);
            addSmallestNormal(gradients);
        }

        private static void addSmallestNormal(double[][] tolerances) {
            for (double[] tolerance : tolerances) {
                for (int i = 0; tolerance != null && i < tolerance.length; i++) {
                    tolerance[i] += Float.MIN_NORMAL;
                }
            }
        }
    }

    /** The bounds for a case, given what the reference made of it. */
    Tolerances of(OpCase c, CaseRun reference);

    /**
     * For what is linear in each of its inputs, sums of products: S is what the reference computes from the inputs'
     * absolute values, K what it computes from ones.
     *
     * @param terms a lower bound for K, for results whose terms are scaled (means)
     */
    static Accuracy products(int terms) {
        return (c, reference) -> {
            double[] upstream = c.upstreamValues(reference.outputs()[0].length);
            CaseRun magnitudes = CaseRun.ofMagnitudes(c, map(c.inputValues(), Math::abs), map(upstream, Math::abs));
            CaseRun counts = CaseRun.ofMagnitudes(c, map(c.inputValues(), v -> 1), map(upstream, v -> 1));
            return new Tolerances(
                    bound(magnitudes.outputs(), counts.outputs(), terms),
                    bound(magnitudes.gradients(), counts.gradients(), terms));
        };
    }

    /**
     * For what copies or picks elements: results are exact, a gradient is a sum of the upstream gradients that meet
     * there.
     */
    static Accuracy selection() {
        return (c, reference) -> {
            double[] upstream = c.upstreamValues(reference.outputs()[0].length);
            CaseRun magnitudes =
                    CaseRun.of(c, Device.reference(), c.inputValues(), map(upstream, Math::abs), c.differentiable());
            CaseRun counts =
                    CaseRun.of(c, Device.reference(), c.inputValues(), map(upstream, v -> 1), c.differentiable());
            double[][] gradients = bound(magnitudes.gradients(), counts.gradients(), 1);
            for (int i = 0; i < gradients.length; i++) {
                for (int j = 0; gradients[i] != null && j < gradients[i].length; j++) {
                    // A gradient that came from one place only is a copy.
                    gradients[i][j] = counts.gradients()[i][j] <= 1 ? 0 : gradients[i][j];
                }
            }
            return new Tolerances(map(reference.outputs(), v -> 0), gradients);
        };
    }

    private static double[][] bound(double[][] magnitudes, double[][] counts, int terms) {
        double[][] bounds = new double[magnitudes.length][];
        for (int i = 0; i < bounds.length; i++) {
            if (magnitudes[i] != null) {
                bounds[i] = new double[magnitudes[i].length];
                for (int j = 0; j < bounds[i].length; j++) {
                    bounds[i][j] = sum(Math.max(terms, Math.abs(counts[i][j])), Math.abs(magnitudes[i][j]));
                }
            }
        }
        return bounds;
    }

    /** The bound for a sum of {@code terms} terms of total magnitude {@code magnitude}. */
    static double sum(double terms, double magnitude) {
        return 8 * Math.sqrt(terms) * UNIT * magnitude;
    }

    /** The size to which an error at element {@code i} is relative, given what the reference computed there. */
    @FunctionalInterface
    interface Scale {
        double at(int i, double value);
    }

    /**
     * For results that are each computed by a few operations on values of known size. Beyond the first result (running
     * statistics and the like) the scale is the value itself.
     *
     * @param ulps     the error, in units of 2^-23 of the scale
     * @param output   the scale of the first result
     * @param gradient the scale of the gradient of every input
     */
    static Accuracy ulps(double ulps, Scale output, Scale gradient) {
        return (c, reference) -> {
            double[][] outputs = map(reference.outputs(), v -> 2 * UNIT * ulps * Math.abs(v));
            outputs[0] = scaled(ulps, reference.outputs()[0], output);
            double[][] gradients = new double[c.inputs.size()][];
            for (int i = 0; i < gradients.length; i++) {
                if (reference.gradients()[i] != null) {
                    gradients[i] = scaled(ulps, reference.gradients()[i], gradient);
                }
            }
            return new Tolerances(outputs, gradients);
        };
    }

    private static double[] scaled(double ulps, double[] values, Scale scale) {
        double[] tolerance = new double[values.length];
        Arrays.setAll(tolerance, i -> 2 * UNIT * ulps * Math.abs(scale.at(i, values[i])));
        return tolerance;
    }

    /** The same, all errors being relative to the results. */
    static Accuracy relative(double ulps) {
        return ulps(ulps, (i, value) -> value, (i, value) -> value);
    }

    /**
     * For compositions of many smooth steps: what perturbing every input (and the upstream gradient) by u would do to
     * the result, plus the rounding of the result itself, times {@code 8 sqrt(terms)}. This is what a computation that
     * is stable step by step achieves. The perturbations are the reference's own central differences; it runs twice for
     * each element of each input.
     *
     * @param terms the length of the longest chain of sums
     */
    static Accuracy stable(int terms) {
        return (c, reference) -> {
            double[][] inputs = c.inputValues();
            double[] upstream = c.upstreamValues(reference.outputs()[0].length);
            double[][] outputs = map(reference.outputs(), Math::abs);
            double[][] gradients = map(reference.gradients(), Math::abs);
            for (double[] perturbed : inputs) {
                addSensitivity(c, inputs, upstream, perturbed, outputs, gradients);
            }
            addSensitivity(c, inputs, upstream, upstream, outputs, gradients);
            return new Tolerances(map(outputs, v -> sum(terms, v)), map(gradients, v -> sum(terms, v)));
        };
    }

    private static void addSensitivity(
            OpCase c,
            double[][] inputs,
            double[] upstream,
            double[] perturbed,
            double[][] outputs,
            double[][] gradients) {
        double step = 0x1p-20;
        for (int i = 0; i < perturbed.length; i++) {
            double original = perturbed[i];
            perturbed[i] = original + step;
            CaseRun above = CaseRun.of(c, Device.reference(), inputs, upstream, c.differentiable());
            perturbed[i] = original - step;
            CaseRun below = CaseRun.of(c, Device.reference(), inputs, upstream, c.differentiable());
            perturbed[i] = original;
            double scale = Math.abs(original) / (2 * step);
            addDifference(scale, above.outputs(), below.outputs(), outputs);
            addDifference(scale, above.gradients(), below.gradients(), gradients);
        }
    }

    private static void addDifference(double scale, double[][] above, double[][] below, double[][] sum) {
        for (int i = 0; i < sum.length; i++) {
            for (int j = 0; sum[i] != null && j < sum[i].length; j++) {
                sum[i][j] += scale * Math.abs(above[i][j] - below[i][j]);
            }
        }
    }

    private static double[] map(double[] values, DoubleUnaryOperator f) {
        return Arrays.stream(values).map(f).toArray();
    }

    private static double[][] map(double[][] values, DoubleUnaryOperator f) {
        double[][] mapped = new double[values.length][];
        for (int i = 0; i < values.length; i++) {
            mapped[i] = values[i] == null ? null : map(values[i], f);
        }
        return mapped;
    }
}
