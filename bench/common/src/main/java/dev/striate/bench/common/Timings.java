package dev.striate.bench.common;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/** Seconds of one call: the quartiles of the samples, and the samples. */
public record Timings(double median, double lowerQuartile, double upperQuartile, List<Double> samples) {

    static Timings of(List<Double> samples) {
        return new Timings(
                quantile(samples, 0.5), quantile(samples, 0.25), quantile(samples, 0.75), List.copyOf(samples));
    }

    /** Returns a quantile by linear interpolation between the sorted samples. */
    public static double quantile(Collection<? extends Number> samples, double part) {
        double[] sorted = samples.stream().mapToDouble(Number::doubleValue).toArray();
        Arrays.sort(sorted);
        double place = part * (sorted.length - 1);
        int below = (int) place;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }

    public static double median(Collection<? extends Number> samples) {
        return quantile(samples, 0.5);
    }
}
