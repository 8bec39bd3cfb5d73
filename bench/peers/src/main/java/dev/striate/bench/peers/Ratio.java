package dev.striate.bench.peers;

import dev.striate.bench.common.Table;
import java.util.List;

/** The geometric mean of paired ratios with its 95 % interval, which is the t-interval of their logarithms. */
record Ratio(double mean, double low, double high) {

    static final String EXPLANATION =
            "\nRatios: geometric means over the starts, each start with the other side's of the same"
                    + " turn, and t-intervals of the logarithms. Above 1, the first side is faster.\n";

    /** The 97.5 % quantiles of Student's t by degrees of freedom, from 1 on. */
    private static final double[] QUANTILES = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228};

    private static final double NORMAL_QUANTILE = 1.96;

    static Ratio of(List<Double> numerators, List<Double> denominators) {
        int n = numerators.size();
        double[] logs = new double[n];
        double mean = 0;
        for (int i = 0; i < n; i++) {
            logs[i] = Math.log(numerators.get(i) / denominators.get(i));
            mean += logs[i] / n;
        }
        double squares = 0;
        for (double log : logs) {
            squares += (log - mean) * (log - mean);
        }
        double half = quantile(n - 1) * Math.sqrt(squares / (n - 1) / n);
        return new Ratio(Math.exp(mean), Math.exp(mean - half), Math.exp(mean + half));
    }

    private static double quantile(int degrees) {
        if (degrees < 1) {
            return Double.NaN;
        }
        // From eleven degrees on, the start of the expansion by their inverse is right to three digits.
        return degrees <= QUANTILES.length
                ? QUANTILES[degrees - 1]
                : NORMAL_QUANTILE + 2.37 / degrees + 2.82 / degrees / degrees;
    }

    /** Returns the cells of a table: the mean, and the interval. */
    Object[] cells() {
        return new Object[] {Table.format("%.3f", mean), Table.format("%.3f to %.3f", low, high)};
    }
}
