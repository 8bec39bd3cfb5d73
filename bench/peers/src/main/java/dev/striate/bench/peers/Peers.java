package dev.striate.bench.peers;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One run: every row on both sides in turns, with one number of threads and one setting of the allocator. */
public final class Peers {

    private static final int PROCESS_RUNS = 5;
    private static final int TRAINING_RUN_STEPS = 100;

    private final Options options;
    private final StriateSide striate;
    private final TorchSide libtorch;
    private final FmaPeak probe;
    private double peak;

    private Peers(Options options) {
        this.options = options;
        striate = new StriateSide(options.threads);
        libtorch = new TorchSide(options.threads);
        probe = new FmaPeak(options.threads);
    }

    /** What the command line says. */
    private record Options(
            int threads,
            Pattern only,
            double seconds,
            double warmUp,
            int processes,
            String allocator,
            @Nullable Path json) {

        static final String USAGE =
                "options: --threads N (1)  --only REGEX  --seconds PER_ROW (6)  --warmup PER_SIDE (4)"
                        + "  --processes RUNS (" + PROCESS_RUNS + ")  --allocator LABEL (default)  --json FILE";

        private static final Set<String> NAMES =
                Set.of("--threads", "--only", "--seconds", "--warmup", "--processes", "--allocator", "--json");

        static Options parse(String[] args) {
            Map<String, String> given = new LinkedHashMap<>();
            for (int i = 0; i < args.length; i += 2) {
                if (!NAMES.contains(args[i]) || i + 1 == args.length) {
                    throw new IllegalArgumentException(
                            "expected pairs of option and value, got \"" + args[i] + "\"; " + USAGE);
                }
                given.put(args[i], args[i + 1]);
            }
            return new Options(
                    Integer.parseInt(given.getOrDefault("--threads", "1")),
                    Pattern.compile(given.getOrDefault("--only", "")),
                    Double.parseDouble(given.getOrDefault("--seconds", "6")),
                    Double.parseDouble(given.getOrDefault("--warmup", "4")),
                    Integer.parseInt(given.getOrDefault("--processes", Integer.toString(PROCESS_RUNS))),
                    given.getOrDefault("--allocator", "default"),
                    given.containsKey("--json") ? Path.of(given.get("--json")) : null);
        }

        boolean wants(String row) {
            return only.matcher(row).find();
        }
    }

    /** Exits with 1 where the sides did not compute the same. */
    public static void main(String[] args) throws IOException, InterruptedException {
        Options options;
        try {
            options = Options.parse(args);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.exit(2);
            return;
        }
        Results results = new Peers(options).run();
        System.out.print(Report.of(results));
        if (options.json != null) {
            Json.write(results, options.json);
        }
        List<String> wrong = Report.disagreements(results);
        wrong.forEach(System.err::println);
        // Also ends libtorch's threads, which are no daemons.
        System.exit(wrong.isEmpty() ? 0 : 1);
    }

    private Results run() throws IOException, InterruptedException {
        Map<String, String> environment = Environment.facts(striate, libtorch);
        List<Results.Measured> rows = new ArrayList<>();
        for (Row row : Row.all()) {
            if (options.wants(row.name())) {
                rows.add(measure(row));
            }
        }
        List<Results.Process> processes = new ArrayList<>();
        addProcess(processes, "new process, 1 step, lenet N=64", Net.LENET, 64, 1, options.processes);
        for (Net net : List.of(Net.LENET, Net.CIFAR)) {
            String name = "new process, " + TRAINING_RUN_STEPS + " steps, " + net.name() + " N=128";
            addProcess(processes, name, net, 128, TRAINING_RUN_STEPS, 1);
        }
        return new Results(
                options.allocator,
                options.threads,
                options.seconds,
                options.warmUp,
                environment,
                peak,
                rows,
                processes);
    }

    private Results.Measured measure(Row row) {
        System.err.println(row.name());
        peak = Math.max(peak, probe.gflops());
        try (Work here = row.work().apply(striate);
                Work there = row.work().apply(libtorch)) {
            List<Check> checks = compare(row, here, there);
            Duel duel = new Duel(here, there);
            duel.warmUp(options.warmUp);
            duel.measure(options.seconds);
            return new Results.Measured(
                    row.name(), row.flops(), row.samples(), duel.striate(), duel.libtorch(), checks);
        } finally {
            // What one row leaves is not to be collected in the next one's time.
            System.gc();
        }
    }

    /**
     * Where a training's first loss agrees and a later one does not, another batch has to agree. For rounding decides
     * about a pixel or a unit whose sum is within a unit of its last place of 0: it gets a gradient or none, and Adam's
     * first steps are as long for the least gradient as for the greatest. Different work differs on every batch.
     */
    private static List<Check> compare(Row row, Work here, Work there) {
        List<Check> checks = Check.compare(here.outcome(), there.outcome(), row.allowed());
        for (int batch = 2; checks.get(0).holds() && !checks.stream().allMatch(Check::holds); batch++) {
            if (!here.takeOtherData() || !there.takeOtherData()) {
                break;
            }
            String remark = ", batch " + batch;
            checks = Check.compare(here.outcome(), there.outcome(), row.allowed()).stream()
                    .map(check -> check.remarked(remark))
                    .toList();
        }
        return checks;
    }

    private void addProcess(List<Results.Process> processes, String name, Net net, int batch, int steps, int runs)
            throws IOException, InterruptedException {
        if (!options.wants(name)) {
            return;
        }
        System.err.println(name);
        List<Child.Report> here = new ArrayList<>();
        List<Child.Report> there = new ArrayList<>();
        for (int i = 0; i < runs; i++) {
            here.add(Child.run("striate", net, batch, options.threads, steps));
            there.add(Child.run("libtorch", net, batch, options.threads, steps));
        }
        List<Check> checks = Check.compare(
                Map.of("loss 1", new float[] {here.get(0).firstLoss()}),
                Map.of("loss 1", new float[] {there.get(0).firstLoss()}),
                Map.of("loss 1", net.rounding()));
        processes.add(new Results.Process(name, medians(here), medians(there), checks.get(0)));
    }

    private static Results.Process.Sample medians(List<Child.Report> reports) {
        return new Results.Process.Sample(
                Timings.quantile(reports.stream().map(Child.Report::firstStep).toList(), 0.5),
                Timings.quantile(
                        reports.stream()
                                .map(report -> (double) report.peakBytes())
                                .toList(),
                        0.5));
    }
}
