package dev.striate.bench.peers;

import dev.striate.Device;
import dev.striate.bench.common.Check;
import dev.striate.bench.common.Facts;
import dev.striate.bench.common.FmaPeak;
import dev.striate.bench.common.Json;
import dev.striate.bench.common.Measured;
import dev.striate.bench.common.Net;
import dev.striate.bench.common.Options;
import dev.striate.bench.common.Row;
import dev.striate.bench.common.Side;
import dev.striate.bench.common.Striate;
import dev.striate.bench.common.Table;
import dev.striate.bench.common.Turns;
import dev.striate.bench.common.Work;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One run: every row on both sides in turn, with one number of threads and one setting of the allocator. */
public final class Peers {

    private static final String USAGE = "--threads N (1)  --only REGEX  --seconds PER_ROW (6)  --warmup PER_SIDE (4)"
            + "  --processes RUNS (5)  --allocator LABEL (default)  --json FILE";

    /** So long that what the other side left in the caches does not count. */
    static final double SAMPLE_SECONDS = 0.025;

    static final int LEAST_ROUNDS = 5;
    private static final int TRAINING_RUN_STEPS = 100;

    private final Options options;
    private final int threads;
    private final Turns turns;
    private final Side striate;
    private final TorchSide libtorch;
    private final FmaPeak probe;

    private Peers(Options options) {
        this.options = options;
        threads = options.integer("--threads");
        turns = new Turns(options.seconds("--warmup"), options.seconds("--seconds"), LEAST_ROUNDS);
        striate = new Striate(Device.cpu(threads));
        libtorch = new TorchSide(threads);
        probe = new FmaPeak(threads);
    }

    /** Exits with 1 if the sides did not compute the same. */
    public static void main(String[] args) throws IOException, InterruptedException {
        Options options = Options.parse(args, USAGE);
        Results results = new Peers(options).run();
        System.out.print(Report.of(results));
        if (options.has("--json")) {
            Json.write(results, Path.of(options.get("--json")));
        }
        results.rows().forEach(row -> row.checks().forEach(check -> Table.printIfWrong(row.name(), check)));
        results.processes().forEach(process -> Table.printIfWrong(process.name(), process.check()));
        boolean right = results.rows().stream().allMatch(Measured::isRight)
                && results.processes().stream()
                        .allMatch(process -> process.check().holds());
        // Also ends libtorch's threads, which are no daemons.
        System.exit(right ? 0 : 1);
    }

    private Results run() throws IOException, InterruptedException {
        Map<String, String> facts = Facts.of(Device.cpu(threads));
        facts.put(
                "libtorch", Table.format("%s, matmul 1024 at %.1f GFLOP/s", libtorch.detail(), libtorch.matmulSpeed()));
        facts.put("per row", turns.toString());
        List<Measured> rows = new ArrayList<>();
        FmaPeak.Peak peak = probe.probe();
        for (Row row : Row.all()) {
            if (options.wants(row.name())) {
                System.err.println(row.name());
                peak = probe.probe();
                rows.add(measure(row));
            }
        }
        List<Results.Process> processes = new ArrayList<>();
        addProcess(processes, Net.LENET, 64, 1, options.integer("--processes"));
        addProcess(processes, Net.LENET, 128, TRAINING_RUN_STEPS, 1);
        addProcess(processes, Net.CIFAR, 128, TRAINING_RUN_STEPS, 1);
        return new Results(options.get("--allocator"), threads, facts, peak, rows, processes);
    }

    private Measured measure(Row row) throws IOException {
        try (Work here = row.work().apply(striate);
                Work there = row.work().apply(libtorch)) {
            List<Check> checks = Check.compare(here, there, row.allowed());
            Map<String, Turns.Sampler> sides = new LinkedHashMap<>();
            sides.put(Measured.STRIATE, new Turns.Clock(here, () -> {}, SAMPLE_SECONDS));
            sides.put(Sides.LIBTORCH, new Turns.Clock(there, () -> {}, SAMPLE_SECONDS));
            return new Measured(row.name(), row.cost(), turns.measure(sides), checks, null);
        } finally {
            // The garbage of one row must not be collected in the next one's time.
            System.gc();
        }
    }

    private void addProcess(List<Results.Process> processes, Net net, int batch, int steps, int runs)
            throws IOException, InterruptedException {
        String name = "new process, " + steps + (steps == 1 ? " step, " : " steps, ") + net.name() + " N=" + batch;
        if (!options.wants(name)) {
            return;
        }
        System.err.println(name);
        List<Child.Report> here = new ArrayList<>();
        List<Child.Report> there = new ArrayList<>();
        for (int i = 0; i < runs; i++) {
            here.add(Child.run(Sides.STRIATE, net, batch, threads, steps));
            there.add(Child.run(Sides.LIBTORCH, net, batch, threads, steps));
        }
        List<Check> checks = Check.compare(
                Map.of(Net.lossName(1), new float[] {here.get(0).firstLoss()}),
                Map.of(Net.lossName(1), new float[] {there.get(0).firstLoss()}),
                net.lossBounds(1));
        processes.add(new Results.Process(name, here, there, checks.get(0)));
    }
}
