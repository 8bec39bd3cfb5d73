package dev.striate.bench.gpu;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A row, measured.
 *
 * @param samples seconds of a call, per side: {@code striate} and PyTorch's modes
 * @param checks  of both sides' results; empty without PyTorch
 * @param failure why there is no figure, or null
 */
record Result(
        Row row,
        Map<String, List<Double>> samples,
        List<Check> checks,
        @Nullable String failure) {

    static final String STRIATE = "striate";

    /** Two sides' digests and how far they may lie apart. */
    record Check(Digest striate, Digest torch, double bound) {

        /** Written so that NaN does not hold. */
        boolean holds() {
            return striate.difference(torch) <= bound;
        }
    }

    /** Seconds, the median, NaN if a side was not measured. */
    double seconds(String side) {
        return samples.containsKey(side) ? Clock.median(samples.get(side)) : Double.NaN;
    }

    boolean isRight() {
        return failure == null && checks.stream().allMatch(Check::holds);
    }
}
