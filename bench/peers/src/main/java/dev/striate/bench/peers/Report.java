package dev.striate.bench.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Results as Markdown: one run's in full, or the runs of a folder side by side. */
public final class Report {

    private static final String CAVEAT =
            "libtorch's MKL chooses its AVX2 kernels on AMD processors, so a ratio to libtorch there"
                    + " is not one to the processor's best: OpenBLAS told to use AVX-512 (`OPENBLAS_CORETYPE=SkylakeX`) reaches about"
                    + " twice libtorch's GFLOP/s in matmul on Zen 5.\n";

    /** Begins a table of {@link #addCheck}'s rows. */
    static final String CHECKS_HEAD =
            "\n| same work | compared | Striate | libtorch | difference | allowed |\n|---|---|---:|---:|---:|---:|\n";

    private Report() {}

    /** Argument: a folder of JSON files. Prints the comparison over all runs, then each run. */
    public static void main(String[] args) throws IOException {
        List<Results> runs = new ArrayList<>();
        try (Stream<Path> files = Files.list(Path.of(args[0]))) {
            for (Path file : files.filter(path -> path.toString().endsWith(".json"))
                    .sorted()
                    .toList()) {
                runs.add(Json.read(file, Results.class));
            }
        }
        StringBuilder text = new StringBuilder("# Striate and libtorch on the same work\n\n").append(CAVEAT);
        Map<Integer, List<Results>> byThreads = new TreeMap<>();
        runs.forEach(run -> byThreads
                .computeIfAbsent(run.threads(), threads -> new ArrayList<>())
                .add(run));
        byThreads.forEach((threads, same) -> addComparison(text, threads, same));
        runs.forEach(run -> text.append('\n').append(of(run)));
        System.out.print(text);
    }

    /** One line per row: each allocator's libtorch, and Striate's ratio to the better of them. */
    private static void addComparison(StringBuilder text, int threads, List<Results> runs) {
        text.append("\n## ").append(count(threads)).append(": against the better libtorch\n\n");
        text.append(
                "Milliseconds, medians. Ratio: how many times as fast as libtorch, each ratio from within one run; the least"
                        + " of the runs counts.\n\n| work |");
        runs.forEach(run -> text.append(" Striate (")
                .append(run.allocator())
                .append(") | libtorch (")
                .append(run.allocator())
                .append(") |"));
        text.append(" least ratio |\n|---|")
                .append("---:|---:|".repeat(runs.size()))
                .append("---:|\n");
        Map<String, List<Results.Measured>> rows = new LinkedHashMap<>();
        runs.forEach(run -> run.rows()
                .forEach(row -> rows.computeIfAbsent(row.name(), name -> new ArrayList<>())
                        .add(row)));
        rows.forEach((name, measured) -> {
            text.append("| ").append(name).append(" |");
            measured.forEach(row -> text.append(' ')
                    .append(millis(row.striate().median()))
                    .append(" | ")
                    .append(millis(row.libtorch().median()))
                    .append(" |"));
            double least =
                    measured.stream().mapToDouble(Results.Measured::ratio).min().orElseThrow();
            text.append(' ').append(format("%.2f", least)).append(" |\n");
        });
    }

    /** One run. */
    static String of(Results run) {
        StringBuilder text = new StringBuilder();
        text.append("## ")
                .append(count(run.threads()))
                .append(", allocator ")
                .append(run.allocator())
                .append("\n\n");
        run.environment()
                .forEach((name, value) -> text.append("- ")
                        .append(name)
                        .append(": ")
                        .append(value)
                        .append('\n'));
        text.append(format(
                "- FMA peak of %s, the best of the probes before each row: %.0f GFLOP/s%n",
                count(run.threads()), run.peak()));
        text.append(format(
                "- per row: %.1f s of warm-up for each side, then %.1f s of samples in turns; medians%n",
                run.warmUpSeconds(), run.secondsPerRow()));
        if (!run.rows().isEmpty()) {
            text.append("\n| work | Striate ms | GFLOP/s | of peak | images/s |"
                    + " libtorch ms | GFLOP/s | of peak | images/s | ratio |\n");
            text.append("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n");
            for (Results.Measured row : run.rows()) {
                text.append("| ")
                        .append(row.name())
                        .append(" | ")
                        .append(side(run, row, row.striate()))
                        .append(" | ")
                        .append(side(run, row, row.libtorch()))
                        .append(format(" | %.2f |%n", row.ratio()));
            }
        }
        if (!run.processes().isEmpty()) {
            text.append("\n| work | Striate: start to the end of the first step, s | peak MiB"
                    + " | libtorch: start to the end of the first step, s | peak MiB |\n");
            text.append("|---|---:|---:|---:|---:|\n");
            for (Results.Process process : run.processes()) {
                text.append(format(
                        "| %s | %.2f | %.0f | %.2f | %.0f |%n",
                        process.name(),
                        process.striate().firstStep(),
                        process.striate().peakBytes() / (1 << 20),
                        process.libtorch().firstStep(),
                        process.libtorch().peakBytes() / (1 << 20)));
            }
        }
        text.append(CHECKS_HEAD);
        run.rows().forEach(row -> row.checks().forEach(check -> addCheck(text, row.name(), check)));
        run.processes().forEach(process -> addCheck(text, process.name(), process.check()));
        return text.toString();
    }

    static void addCheck(StringBuilder text, String row, Check check) {
        text.append(format(
                "| %s | %s | %.6f | %.6f | %.1e | %.1e%s |%n",
                row,
                check.name(),
                check.striate(),
                check.libtorch(),
                check.difference(),
                check.allowed(),
                check.holds() ? "" : " EXCEEDED"));
    }

    /** A line for each result that differs more than rounding explains. */
    static List<String> disagreements(Results run) {
        List<String> lines = new ArrayList<>();
        run.rows()
                .forEach(row -> row.checks().stream()
                        .filter(check -> !check.holds())
                        .forEach(check -> lines.add(disagreement(row.name(), check))));
        run.processes().stream()
                .filter(process -> !process.check().holds())
                .forEach(process -> lines.add(disagreement(process.name(), process.check())));
        return lines;
    }

    static String disagreement(String row, Check check) {
        return format(
                "not the same work: %s: %s differ by %.2e, rounding explains %.2e",
                row, check.name(), check.difference(), check.allowed());
    }

    private static String side(Results run, Results.Measured row, Timings timings) {
        double gflops = row.flops() / timings.median() * 1e-9;
        String images = row.samples() == 0 ? "" : format("%,.0f", row.samples() / timings.median());
        return format("%s | %.1f | %.0f %% | %s", millis(timings.median()), gflops, 100 * gflops / run.peak(), images);
    }

    private static String millis(double seconds) {
        return format("%.4g", seconds * 1e3);
    }

    private static String count(int threads) {
        return threads + (threads == 1 ? " thread" : " threads");
    }

    static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
