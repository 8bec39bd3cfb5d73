package dev.striate.bench.common;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The comparison of one result of both sides.
 *
 * @param name       the name of the result
 * @param striate    the sum of Striate's values, or the loss
 * @param peer       the same of the other side
 * @param difference the greatest difference of two values, relative to their root mean square
 * @param allowed    the greatest difference that rounding explains
 */
public record Check(String name, double striate, double peer, double difference, double allowed) {

    /**
     * Returns how much two float32 sums of n random terms may differ, relative to the sums' root mean square. Adding one
     * by one, the errors, each up to 2^-24 of the partial sum, make up about 0.4 sqrt(n) 2^-24; the worst of ten million
     * values lies 5.4 deviations out, and there are two sides: 3.1 sqrt(n) 2^-24. The rest is for products and another
     * order.
     */
    public static double rounding(double n) {
        return 8 * Math.sqrt(n) * 0x1p-24;
    }

    /** Returns whether rounding explains the difference; false for NaN. */
    public boolean holds() {
        return difference <= allowed;
    }

    /** Returns a copy with a remark after its name. */
    Check remarked(String remark) {
        return new Check(name + remark, striate, peer, difference, allowed);
    }

    /**
     * Compares the work of two sides. If the first loss of a training agrees and a later one does not, another batch
     * must agree: rounding decides whether a unit whose sum is within a unit of its last place of 0 gets a gradient, and
     * Adam's first steps are as long for the least gradient as for the greatest. Different work differs on every batch.
     */
    public static List<Check> compare(Work here, Work there, Map<String, Double> allowed) {
        List<Check> checks = compare(here.outcome(), there.outcome(), allowed);
        for (int batch = 2; checks.get(0).holds() && !checks.stream().allMatch(Check::holds); batch++) {
            if (!here.takeOtherData() || !there.takeOtherData()) {
                break;
            }
            String remark = ", batch " + batch;
            checks = compare(here.outcome(), there.outcome(), allowed).stream()
                    .map(check -> check.remarked(remark))
                    .toList();
        }
        return checks;
    }

    /** Compares the results of two sides value by value. */
    public static List<Check> compare(
            Map<String, float[]> striate, Map<String, float[]> peer, Map<String, Double> allowed) {
        if (!striate.keySet().equals(peer.keySet()) || !allowed.keySet().containsAll(striate.keySet())) {
            throw new IllegalStateException("the sides report " + striate.keySet() + " and " + peer.keySet()
                    + "; there are bounds for " + allowed.keySet());
        }
        List<Check> checks = new ArrayList<>();
        striate.forEach((name, values) -> checks.add(of(name, values, peer.get(name), allowed.get(name))));
        return checks;
    }

    private static Check of(String name, float[] striate, float[] peer, double allowed) {
        if (striate.length != peer.length) {
            throw new IllegalStateException(name + ": " + striate.length + " values here, " + peer.length + " there");
        }
        double worst = 0;
        double squares = 0;
        double sum = 0;
        double otherSum = 0;
        for (int i = 0; i < striate.length; i++) {
            double difference = Math.abs((double) striate[i] - peer[i]);
            // Unlike Math.max alone, this keeps a NaN.
            worst = difference > worst || Double.isNaN(difference) ? difference : worst;
            squares += (double) peer[i] * peer[i];
            sum += striate[i];
            otherSum += peer[i];
        }
        return new Check(name, sum, otherSum, worst / Math.sqrt(squares / striate.length), allowed);
    }
}
