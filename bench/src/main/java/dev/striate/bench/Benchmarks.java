package dev.striate.bench;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.NoBenchmarksException;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Runs the benchmarks, with JMH's command line, and prints what the times mean: GFLOP/s or GB/s, the part of the
 * machine's peak as {@link FmaPeakBench} measures it first, and the bytes that a call allocates.
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
            double peak = peak(asked, threads);
            ChainedOptionsBuilder options = new OptionsBuilder()
                    .parent(asked)
                    .addProfiler(GCProfiler.class)
                    .exclude(FmaPeakBench.class.getName());
            asked.getExcludes().forEach(options::exclude);
            Collection<RunResult> results = new Runner(options.build()).run();
            System.out.println(table(results, peak, threads));
        } catch (NoBenchmarksException e) {
            System.err.println("benchmarks: none matches; -l lists them");
            System.exit(2);
        } catch (RunnerException e) {
            System.err.println("benchmarks: " + e.getMessage());
            System.exit(1);
        }
    }

    /** GFLOP/s of all threads together. */
    private static double peak(CommandLineOptions asked, int threads) throws RunnerException {
        // Not with what was asked as a parent, whose choice of benchmarks would come along.
        ChainedOptionsBuilder options =
                new OptionsBuilder().include(FmaPeakBench.class.getName()).threads(threads);
        if (asked.getForkCount().hasValue()) {
            options.forks(asked.getForkCount().get());
        }
        RunResult run = new Runner(options.build()).runSingle();
        Result<?> flops = run.getSecondaryResults().get("flopsPerCall");
        double perCall = flops.getStatistics().getMean() / threads;
        return threads * perCall / run.getPrimaryResult().getScore() / 1e3;
    }

    private static String table(Collection<RunResult> results, double peak, int threads)
            throws ReflectiveOperationException {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%nFMA peak (threads: %d): %.0f GFLOP/s%n%-58s %12s %9s %7s %7s %12s%n",
                threads,
                peak,
                "benchmark",
                "us/call",
                "GFLOP/s",
                "of peak",
                "GB/s",
                "bytes/call"));
        for (RunResult run : results) {
            BenchmarkParams params = run.getParams();
            double micros = run.getPrimaryResult().getScore();
            Cost cost = cost(params);
            double gflops = cost.flops() / micros / 1e3;
            boolean onCpu = params.getParam("device").startsWith("cpu");
            Result<?> allocated = run.getSecondaryResults().get("gc.alloc.rate.norm");
            text.append(String.format(
                    Locale.ROOT,
                    "%-58s %12.2f %9s %7s %7s %12s%n",
                    name(params),
                    micros,
                    cost.flops() == 0 ? "" : String.format(Locale.ROOT, "%.1f", gflops),
                    cost.flops() == 0 || !onCpu ? "" : String.format(Locale.ROOT, "%.0f %%", 100 * gflops / peak),
                    cost.bytes() == 0 ? "" : String.format(Locale.ROOT, "%.1f", cost.bytes() / micros / 1e3),
                    allocated == null ? "" : String.format(Locale.ROOT, "%.0f", allocated.getScore())));
        }
        return text.toString();
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
