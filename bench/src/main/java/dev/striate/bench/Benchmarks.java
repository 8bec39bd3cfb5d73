package dev.striate.bench;

import dev.striate.bench.common.Cost;
import dev.striate.bench.common.FmaPeak;
import dev.striate.bench.common.Table;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.NoBenchmarksException;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Runs the benchmarks, with JMH's command line, and prints what the times mean: GFLOP/s or GB/s, the part of the
 * machine's peak as {@link FmaPeak} measures it first, and the bytes that a call allocates.
 */
public final class Benchmarks {

    private static final Set<String> QUESTIONS = Set.of("-h", "-l", "-lp", "-lprof", "-lrf");

    private Benchmarks() {}

    public static void main(String[] args) throws Exception {
        if (List.of(args).stream().anyMatch(QUESTIONS::contains)) {
            org.openjdk.jmh.Main.main(args);
            return;
        }
        CommandLineOptions asked;
        try {
            asked = new CommandLineOptions(args);
        } catch (CommandLineOptionException e) {
            System.err.println("benchmarks: " + e.getMessage());
            System.exit(2);
            return;
        }
        // The device's own rule for how many threads it takes; a fork inherits the property.
        int threads = Integer.getInteger("striate.threads", Runtime.getRuntime().availableProcessors());
        try {
            List<String> flags = List.copyOf(asked.getJvmArgsAppend().orElse(List.of()));
            FmaPeak.Peak peak = FmaPeak.inOwnProcess(threads, flags);
            Collection<RunResult> results = new Runner(new OptionsBuilder()
                            .parent(asked)
                            .addProfiler(GCProfiler.class)
                            .build())
                    .run();
            System.out.println("\nFMA peak: " + peak + "\n" + table(results, peak.flops()));
        } catch (NoBenchmarksException e) {
            System.err.println("benchmarks: none matches; -l lists them");
            System.exit(2);
        } catch (RunnerException e) {
            System.err.println("benchmarks: " + e.getMessage());
            System.exit(1);
        }
    }

    private static Table table(Collection<RunResult> results, double peak) throws ReflectiveOperationException {
        Table table = new Table(Table.heads("benchmark", "bytes/call"));
        for (RunResult run : results) {
            BenchmarkParams params = run.getParams();
            boolean onCpu = params.getParam("device").startsWith("cpu");
            Result<?> allocated = run.getSecondaryResults().get("gc.alloc.rate.norm");
            table.row(Table.cells(
                    name(params),
                    cost(params),
                    run.getPrimaryResult().getScore() / 1e6,
                    onCpu ? peak : Double.NaN,
                    allocated == null ? "" : Table.format("%,.0f", allocated.getScore())));
        }
        return table;
    }

    private static String name(BenchmarkParams params) {
        StringBuilder name = new StringBuilder(params.getBenchmark()
                .substring(Benchmarks.class.getPackageName().length() + 1));
        for (String key : params.getParamsKeys()) {
            if (!key.equals("device") || !params.getParam(key).equals("cpu")) {
                name.append(' ').append(params.getParam(key));
            }
        }
        return name.toString();
    }

    /** Asks the benchmark itself, with the parameters it was run with. */
    private static Cost cost(BenchmarkParams params) throws ReflectiveOperationException {
        int dot = params.getBenchmark().lastIndexOf('.');
        DeviceBench bench = (DeviceBench) Class.forName(params.getBenchmark().substring(0, dot))
                .getDeclaredConstructor()
                .newInstance();
        for (String key : params.getParamsKeys()) {
            bench.setParameter(key, params.getParam(key));
        }
        return bench.cost(params.getBenchmark().substring(dot + 1));
    }
}
