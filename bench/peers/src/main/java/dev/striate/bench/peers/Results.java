package dev.striate.bench.peers;

import java.util.List;
import java.util.Map;

/**
 * All that one run measured, as its JSON file holds it.
 *
 * @param allocator {@code default} or what else the run was called
 * @param peak      GFLOP/s, the best of the probes taken before each row
 */
record Results(
        String allocator,
        int threads,
        double secondsPerRow,
        double warmUpSeconds,
        Map<String, String> environment,
        double peak,
        List<Measured> rows,
        List<Process> processes) {

    /** A row's timings on both sides. */
    record Measured(String name, double flops, int samples, Timings striate, Timings libtorch, List<Check> checks) {

        /** How many times as fast as libtorch Striate is. */
        double ratio() {
            return libtorch.median() / striate.median();
        }
    }

    /** Processes of their own: medians on both sides. */
    record Process(String name, Sample striate, Sample libtorch, Check check) {

        record Sample(double firstStep, double peakBytes) {}
    }
}
