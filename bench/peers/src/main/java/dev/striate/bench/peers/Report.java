package dev.striate.bench.peers;

import dev.striate.bench.common.Json;
import dev.striate.bench.common.Measured;
import dev.striate.bench.common.Table;
import dev.striate.bench.common.Timings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Results as Markdown: one run in full, or the runs of a folder side by side. */
public final class Report {

    private static final String CAVEAT =
            "libtorch's MKL chooses its AVX2 kernels on AMD processors, so a ratio to libtorch"
                    + " there is not one to the processor's best: OpenBLAS with AVX-512 (`OPENBLAS_CORETYPE=SkylakeX`) reaches about"
                    + " twice libtorch's GFLOP/s in matmul on Zen 5.\n";

    private Report() {}

    /** Argument: a folder of JSON files. Prints the comparison over all runs, then each run. */
    public static void main(String[] args) throws IOException {
        Map<Integer, List<Results>> runs = new TreeMap<>();
        try (Stream<Path> files = Files.list(Path.of(args[0]))) {
            for (Path file : files.filter(path -> path.toString().endsWith(".json"))
                    .sorted()
                    .toList()) {
                Results run = Json.read(file, Results.class);
                runs.computeIfAbsent(run.threads(), threads -> new ArrayList<>())
                        .add(run);
            }
        }
        System.out.print("# Striate and libtorch on the same work\n\n" + CAVEAT);
        runs.values().forEach(same -> System.out.print(comparison(same)));
        runs.values().stream().flatMap(Collection::stream).forEach(run -> System.out.print("\n" + of(run)));
    }

    /** A line per row: the least ratio of the runs, which is that to the better setting of libtorch. */
    private static Table comparison(List<Results> runs) {
        Map<String, List<Measured>> rows = new LinkedHashMap<>();
        runs.forEach(run -> run.rows()
                .forEach(row -> rows.computeIfAbsent(row.name(), name -> new ArrayList<>())
                        .add(row)));
        Table table = new Table(Stream.concat(
                        Stream.of("work, threads: " + runs.get(0).threads()),
                        Stream.concat(runs.stream().map(run -> "ratio, " + run.allocator()), Stream.of("least ratio")))
                .toArray());
        rows.forEach((name, measured) -> {
            List<Double> ratios =
                    measured.stream().map(row -> row.ratio(Sides.LIBTORCH)).toList();
            table.row(Stream.concat(
                            Stream.of(name),
                            Stream.concat(ratios.stream(), Stream.of(Timings.quantile(ratios, 0)))
                                    .map(ratio -> Table.figure("%.2f", ratio)))
                    .toArray());
        });
        return table;
    }

    /** One run. */
    static String of(Results run) {
        StringBuilder text = new StringBuilder("## " + run.title() + "\n\n" + Table.facts(run.facts()));
        text.append("- peak of float32 multiply-adds: ").append(run.peak()).append('\n');
        text.append(Table.measured(run.rows(), run.peak().flops(), List.of(Sides.LIBTORCH)));
        if (!run.processes().isEmpty()) {
            Table table = new Table(
                    "work",
                    "Striate: start to the end of the first step, s",
                    "peak MiB",
                    "libtorch: start to the end of the first step, s",
                    "peak MiB");
            Table checks = Table.checks();
            for (Results.Process process : run.processes()) {
                table.row(
                        process.name(),
                        firstStep(process.striate()),
                        peak(process.striate()),
                        firstStep(process.libtorch()),
                        peak(process.libtorch()));
                checks.check(process.name(), process.check());
            }
            text.append(table).append(checks);
        }
        return text.toString();
    }

    private static String firstStep(List<Child.Report> reports) {
        return Table.format(
                "%.2f",
                Timings.median(reports.stream().map(Child.Report::firstStep).toList()));
    }

    private static String peak(List<Child.Report> reports) {
        return Table.format(
                "%.0f",
                Timings.median(reports.stream().map(Child.Report::peakBytes).toList()) / (1 << 20));
    }
}
