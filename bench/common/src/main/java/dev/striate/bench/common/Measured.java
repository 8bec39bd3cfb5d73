package dev.striate.bench.common;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A measured row.
 *
 * @param times   per side, Striate's first
 * @param checks  of the results of both sides; empty if only Striate was measured
 * @param failure why there are no times, or null
 */
public record Measured(
        String name,
        Cost cost,
        Map<String, Timings> times,
        List<Check> checks,
        @Nullable String failure) {

    /** The name of the first side. */
    public static final String STRIATE = "Striate";

    /** Returns the median in seconds, or NaN if the side was not measured. */
    public double seconds(String side) {
        return times.containsKey(side) ? times.get(side).median() : Double.NaN;
    }

    /** Returns the time of a side divided by Striate's: above 1, Striate is faster. */
    public double ratio(String side) {
        return seconds(side) / seconds(STRIATE);
    }

    public boolean isRight() {
        return failure == null && checks.stream().allMatch(Check::holds);
    }
}
