package dev.striate.bench.peers;

import dev.striate.Device;
import dev.striate.bench.common.Facts;
import dev.striate.bench.common.Json;
import dev.striate.bench.common.Options;
import dev.striate.bench.common.OwnProcess;
import dev.striate.bench.common.Table;
import dev.striate.bench.common.Timings;
import dev.striate.data.Datasets;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/**
 * How much longer the first epoch of {@code striate lenet} takes than a later one, in two versions. The JVM's start and
 * the reading of the data are measured in a process of its own before each training, and do not count.
 */
public final class FirstEpoch {

    private static final String USAGE = "--old JAR  --new JAR  --data DIR  --starts N (5)  --threads N (2)"
            + "  --epochs N (4)  --subset N (50000)  --out DIR  --json FILE";

    /**
     * One start.
     *
     * @param reading seconds from the start of a JVM to the end of reading the data
     * @param epochs  seconds from the start of the training's JVM to the end of each epoch, its evaluation included
     */
    record Start(double reading, List<Double> epochs) {

        double later() {
            List<Double> later = new ArrayList<>();
            for (int i = 1; i < epochs.size(); i++) {
                later.add(epochs.get(i) - epochs.get(i - 1));
            }
            return Timings.median(later);
        }

        double extra() {
            return epochs.get(0) - reading - later();
        }
    }

    private FirstEpoch() {}

    /** With the argument {@code --read DIR} alone, reads the data and prints the seconds since the JVM's start. */
    public static void main(String[] args) throws IOException, InterruptedException {
        if (args[0].equals("--read")) {
            Datasets.meanAndDeviation(Task.MNIST.read(Path.of(args[1])).train());
            System.out.println(OwnProcess.seconds());
            return;
        }
        Options options = Options.parse(args, USAGE);
        if (options.get("--data") == null || options.integer("--epochs") < 2) {
            Options.fail("--data DIR and at least two epochs are needed; options: " + USAGE);
        }
        Map<String, String> facts = Facts.of(Device.cpu(options.integer("--threads")));
        facts.remove("striate");
        Map<String, List<Start>> starts = new LinkedHashMap<>();
        List<String> turns = new ArrayList<>(List.of("new", "old"));
        for (String version : turns) {
            facts.put(version, "jar sha256 " + Facts.digest(Path.of(options.get("--" + version))));
            starts.put(version, new ArrayList<>());
        }
        for (int i = 1; i <= options.integer("--starts"); i++) {
            for (String version : turns) {
                System.err.println("start " + i + ": " + version);
                starts.get(version).add(train(options, options.get("--" + version), version + "-" + i));
                if (options.has("--json")) {
                    Json.write(Map.of("facts", facts, "starts", starts), Path.of(options.get("--json")));
                }
            }
            Collections.reverse(turns);
        }
        System.out.print(Table.facts(facts));
        System.out.print(report(starts));
    }

    private static Start train(Options options, String jar, String name) throws IOException, InterruptedException {
        List<String> flags = Stream.of(
                        OwnProcess.FRUGAL, OwnProcess.VECTORS, List.of("--enable-native-access=ALL-UNNAMED"))
                .flatMap(List::stream)
                .toList();
        double reading = Double.parseDouble(OwnProcess.run(
                FirstEpoch.class, flags, Map.of(), Sides.withStriate(jar), List.of("--read", options.get("--data"))));
        List<String> command = List.of(
                "-jar",
                jar,
                "lenet",
                "--device=cpu",
                "--threads=" + options.get("--threads"),
                "--data=" + options.get("--data"),
                "--epochs=" + options.get("--epochs"),
                "--subset=" + options.get("--subset"),
                "--out=" + Path.of(options.get("--out"), name));
        List<Double> epochs = new ArrayList<>();
        long[] start = {System.nanoTime()};
        OwnProcess.run(flags, Map.of(), command, line -> {
            if (line.startsWith("epoch ")) {
                epochs.add(1e-9 * (System.nanoTime() - start[0]));
            }
        });
        return new Start(reading, epochs);
    }

    private static String report(Map<String, List<Start>> starts) {
        Map<String, ToDoubleFunction<Start>> figures = new LinkedHashMap<>();
        figures.put("JVM start and reading, s", Start::reading);
        figures.put("start to the end of epoch 1, s", start -> start.epochs.get(0));
        figures.put("later epoch, s", Start::later);
        figures.put("extra time of the first epoch, s", Start::extra);
        Table table = new Table("medians", "new", "old", "old / new", "95 % interval");
        figures.forEach((name, figure) -> {
            List<Double> now = values(starts.get("new"), figure);
            List<Double> then = values(starts.get("old"), figure);
            Object[] ratio = Ratio.of(then, now).cells();
            table.row(
                    name,
                    Table.format("%.3f", Timings.median(now)),
                    Table.format("%.3f", Timings.median(then)),
                    ratio[0],
                    ratio[1]);
        });
        return table + Ratio.EXPLANATION;
    }

    private static List<Double> values(List<Start> starts, ToDoubleFunction<Start> figure) {
        return starts.stream().mapToDouble(figure).boxed().toList();
    }
}
