package dev.striate.bench.peers;

import com.sun.management.ThreadMXBean;
import dev.striate.bench.common.Json;
import dev.striate.bench.common.Row;
import dev.striate.bench.common.Timings;
import dev.striate.bench.common.Turns;
import dev.striate.bench.common.Work;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/** An {@link dev.striate.bench.common.OwnProcess} that warms up and samples one row on one side. */
final class Start {

    private static final int LEAST_COUNTED_CALLS = 10;

    /**
     * The result of a process.
     *
     * @param median  seconds of a call
     * @param bytes   allocated on the Java heap per call, by all threads
     * @param samples seconds of a call, per sample
     */
    record Outcome(double median, double bytes, List<Double> samples) {}

    private Start() {}

    /** Arguments: side, row, threads, seconds of warm-up, seconds of samples. Prints the outcome as JSON. */
    public static void main(String[] args) throws IOException {
        Row row = Row.all().stream()
                .filter(each -> each.name().equals(args[1]))
                .findFirst()
                .orElseThrow();
        Turns turns = new Turns(Double.parseDouble(args[3]), Double.parseDouble(args[4]), Peers.LEAST_ROUNDS);
        try (Work work = row.work().apply(Sides.named(args[0], Integer.parseInt(args[2])))) {
            // The initial state of trainings.
            work.outcome();
            Turns.Clock clock = new Turns.Clock(work, () -> {}, Peers.SAMPLE_SECONDS);
            List<Double> samples =
                    turns.measure(Map.of(args[1], clock)).get(args[1]).samples();
            int calls = Math.max(LEAST_COUNTED_CALLS, clock.calls());
            Map<Long, Long> before = allocated();
            for (int i = 0; i < calls; i++) {
                work.run();
            }
            Map<Long, Long> after = allocated();
            // Per thread, because what an ended thread allocated before is no longer in a total.
            after.replaceAll((thread, bytes) -> bytes - before.getOrDefault(thread, 0L));
            double bytes =
                    (double) after.values().stream().mapToLong(Long::longValue).sum() / calls;
            System.out.println(Json.line(new Outcome(Timings.median(samples), bytes, samples)));
        }
        // Also ends libtorch's threads, which are no daemons.
        System.exit(0);
    }

    /** Returns the bytes that each live thread has allocated so far. */
    private static Map<Long, Long> allocated() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        return LongStream.of(threads.getAllThreadIds())
                .boxed()
                .collect(Collectors.toMap(id -> id, threads::getThreadAllocatedBytes));
    }
}
