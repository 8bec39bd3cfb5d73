package dev.striate.bench.peers;

import dev.striate.bench.common.Check;
import dev.striate.bench.common.FmaPeak;
import dev.striate.bench.common.Measured;
import java.util.List;
import java.util.Map;

/**
 * The results of one run, as in its JSON file.
 *
 * @param allocator {@code default} or another name of the run
 */
record Results(
        String allocator,
        int threads,
        Map<String, String> facts,
        FmaPeak.Peak peak,
        List<Measured> rows,
        List<Process> processes) {

    /** Processes of their own: the reports of both sides. */
    record Process(String name, List<Child.Report> striate, List<Child.Report> libtorch, Check check) {}

    String title() {
        return "threads: " + threads + ", allocator: " + allocator;
    }
}
