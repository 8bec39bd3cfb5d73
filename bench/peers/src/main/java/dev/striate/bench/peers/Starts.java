package dev.striate.bench.peers;

import dev.striate.Device;
import dev.striate.bench.common.Facts;
import dev.striate.bench.common.FmaPeak;
import dev.striate.bench.common.Json;
import dev.striate.bench.common.Options;
import dev.striate.bench.common.OwnProcess;
import dev.striate.bench.common.Row;
import dev.striate.bench.common.Table;
import dev.striate.bench.common.Timings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Rows in fresh JVMs, the contenders in turn: Striate and libtorch, or two versions of Striate. A row's time differs from
 * start to start, because the JIT compiler does not always compile the same.
 */
public final class Starts {

    private static final String USAGE = "--starts N (5)  --only REGEX  --threads N (1)  --warmup SECONDS (8)"
            + "  --seconds PER_START (2)  --old JAR  --new JAR  --json FILE";

    /** Without --only; for two versions of Striate all rows. */
    private static final Pattern ROWS = Pattern.compile("matmul 512|conv with gradients .* (3->32|32->64|64->64) .*");

    /** A side and its class path. */
    private record Contender(String title, String side, String classPath) {}

    /** The outcomes of a row, by the contenders' titles. */
    record Measured(String row, Map<String, List<Start.Outcome>> starts) {
        List<Double> medians(String title) {
            return starts.get(title).stream().map(Start.Outcome::median).toList();
        }
    }

    /** The content of the JSON file. */
    record Results(Map<String, String> facts, List<Measured> rows) {}

    private Starts() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        Options options = Options.parse(args, USAGE);
        int threads = options.integer("--threads");
        boolean versions = options.has("--old");
        List<Contender> contenders = versions
                ? List.of(
                        new Contender("new", Sides.STRIATE, Sides.withStriate(options.get("--new"))),
                        new Contender("old", Sides.STRIATE, Sides.withStriate(options.get("--old"))))
                : List.of(
                        new Contender("Striate", Sides.STRIATE, System.getProperty("java.class.path")),
                        new Contender("libtorch", Sides.LIBTORCH, System.getProperty("java.class.path")));
        List<String> titles = contenders.stream().map(Contender::title).toList();
        List<Measured> rows = new ArrayList<>();
        Map<String, String> facts = Facts.of(Device.cpu(threads));
        if (versions) {
            facts.remove("striate");
            for (String name : List.of("new", "old")) {
                facts.put(name, "jar sha256 " + Facts.digest(Path.of(options.get("--" + name))));
            }
        } else {
            facts.put("libtorch", new TorchSide(threads).detail());
        }
        facts.put("FMA peak", FmaPeak.inOwnProcess(threads, List.of()).toString());
        for (Row row : Row.all()) {
            if (options.has("--only")
                    ? options.wants(row.name())
                    : versions || ROWS.matcher(row.name()).matches()) {
                rows.add(measure(row.name(), contenders, options));
                if (options.has("--json")) {
                    // Every time: what was measured is not lost with what fails an hour later.
                    Json.write(new Results(facts, rows), Path.of(options.get("--json")));
                }
            }
        }
        System.out.print(Table.facts(facts));
        System.out.print(report(rows, titles));
        // Also ends libtorch's threads, which are no daemons.
        System.exit(0);
    }

    private static Measured measure(String row, List<Contender> contenders, Options options)
            throws IOException, InterruptedException {
        Map<String, List<Start.Outcome>> outcomes = new LinkedHashMap<>();
        contenders.forEach(contender -> outcomes.put(contender.title, new ArrayList<>()));
        List<Contender> turns = new ArrayList<>(contenders);
        for (int i = 1; i <= options.integer("--starts"); i++) {
            for (Contender contender : turns) {
                System.err.println(row + ", start " + i + ": " + contender.title);
                List<String> flags = new ArrayList<>(OwnProcess.FRUGAL);
                flags.addAll(OwnProcess.VECTORS);
                List<String> arguments = List.of(
                        contender.side,
                        row,
                        options.get("--threads"),
                        options.get("--warmup"),
                        options.get("--seconds"));
                String line = OwnProcess.run(Start.class, flags, Map.of(), contender.classPath, arguments);
                outcomes.get(contender.title).add(Json.parse(line, Start.Outcome.class));
            }
            Collections.reverse(turns);
        }
        return new Measured(row, outcomes);
    }

    private static String report(List<Measured> rows, List<String> titles) {
        Table times = new Table("work, side", "median of the starts, ms", "90th percentile / median", "bytes/call");
        String first = titles.get(0);
        String second = titles.get(1);
        Table ratios = new Table("work", second + " / " + first, "95 % interval");
        double logs = 0;
        for (Measured row : rows) {
            for (String title : titles) {
                List<Double> medians = row.medians(title);
                double median = Timings.median(medians);
                List<Double> bytes =
                        row.starts.get(title).stream().map(Start.Outcome::bytes).toList();
                times.row(
                        row.row + ", " + title,
                        Table.millis(median),
                        Table.format("%.3f", Timings.quantile(medians, 0.9) / median),
                        title.equals(Sides.LIBTORCH) ? "" : Table.format("%,.0f", Timings.median(bytes)));
            }
            Ratio ratio = Ratio.of(row.medians(second), row.medians(first));
            logs += Math.log(ratio.mean()) / rows.size();
            Object[] cells = ratio.cells();
            ratios.row(row.row, cells[0], cells[1]);
        }
        ratios.row("geometric mean of the rows", Table.format("%.3f", Math.exp(logs)), "");
        return times + Ratio.EXPLANATION + ratios;
    }
}
