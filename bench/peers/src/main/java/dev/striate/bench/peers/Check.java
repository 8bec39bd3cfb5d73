package dev.striate.bench.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Both sides' results of one piece of work, compared.
 *
 * @param name       what was compared
 * @param striate    the sum of Striate's values; the loss, where that is what it is
 * @param libtorch   the same of libtorch
 * @param difference the greatest difference of two values, relative to their root mean square
 * @param allowed    how large that may be
 */
record Check(String name, double striate, double libtorch, double difference, double allowed) {

    /**
     * How far two float32 sums of n random terms may lie apart, relative to the sums' root mean square. Adding one by
     * one, the errors, each up to 2^-24 of the partial sum, make up about 0.4 sqrt(n) 2^-24; the worst of ten million
     * values lies 5.4 deviations out, and there are two sides: 3.1 sqrt(n) 2^-24. Then some for products and another
     * order.
     */
    static double rounding(int n) {
        return 8 * Math.sqrt(n) * 0x1p-24;
    }

    boolean holds() {
        return difference <= allowed;
    }

    /** The same with a remark behind its name. */
    Check remarked(String remark) {
        return new Check(name + remark, striate, libtorch, difference, allowed);
    }

    /** Compares what both sides say, value by value. */
    static List<Check> compare(
            Map<String, float[]> striate, Map<String, float[]> libtorch, Map<String, Double> allowed) {
        if (!striate.keySet().equals(libtorch.keySet()) || !allowed.keySet().containsAll(striate.keySet())) {
            throw new IllegalStateException("the sides report " + striate.keySet() + " and " + libtorch.keySet()
                    + ", bounds are there for " + allowed.keySet());
        }
        List<Check> checks = new ArrayList<>();
        striate.forEach((name, values) -> checks.add(of(name, values, libtorch.get(name), allowed.get(name))));
        return checks;
    }

    private static Check of(String name, float[] striate, float[] libtorch, double allowed) {
        if (striate.length != libtorch.length) {
            throw new IllegalStateException(
                    name + ": " + striate.length + " values here, " + libtorch.length + " there");
        }
        double worst = 0;
        double squares = 0;
        double sum = 0;
        double otherSum = 0;
        for (int i = 0; i < striate.length; i++) {
            double difference = Math.abs((double) striate[i] - libtorch[i]);
            // Unlike Math.max alone, this keeps a NaN.
            worst = difference > worst || Double.isNaN(difference) ? difference : worst;
            squares += (double) libtorch[i] * libtorch[i];
            sum += striate[i];
            otherSum += libtorch[i];
        }
        return new Check(name, sum, otherSum, worst / Math.sqrt(squares / striate.length), allowed);
    }
}
