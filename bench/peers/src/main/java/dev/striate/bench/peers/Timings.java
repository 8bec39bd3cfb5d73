package dev.striate.bench.peers;

import java.util.Arrays;
import java.util.List;

/**
 * Seconds of one call.
 *
 * @param calls in each sample, whose mean a sample is
 */
record Timings(double median, double lowerQuartile, double upperQuartile, int calls, List<Double> samples) {

    static Timings of(int calls, List<Double> samples) {
        return new Timings(
                quantile(samples, 0.5), quantile(samples, 0.25), quantile(samples, 0.75), calls, List.copyOf(samples));
    }

    /** By linear interpolation between the sorted samples. */
    static double quantile(List<Double> samples, double part) {
        double[] sorted = samples.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        double place = part * (sorted.length - 1);
        int below = (int) place;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }
}
