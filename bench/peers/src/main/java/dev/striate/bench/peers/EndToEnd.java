package dev.striate.bench.peers;

import dev.striate.Device;
import dev.striate.StriateException;
import dev.striate.bench.common.Check;
import dev.striate.bench.common.Facts;
import dev.striate.bench.common.Json;
import dev.striate.bench.common.Net;
import dev.striate.bench.common.Options;
import dev.striate.bench.common.Row;
import dev.striate.bench.common.Table;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Whole trainings, each in a JVM of its own, the sides in turns. */
public final class EndToEnd {

    private static final String USAGE = "--mnist DIR  --cifar10 DIR  --threads N (2)  --seeds N,... (0)  --epochs N ("
            + Task.EPOCHS + ")  --images N  --only TASK  --kept NAME=VALUE...  --json FILE";

    private final Options options;
    private final Map<Task, Path> data = new LinkedHashMap<>();
    private final int threads;
    private final int epochs;
    private final int images;
    private final List<Contender> contenders = new ArrayList<>();

    private EndToEnd(Options options) {
        this.options = options;
        threads = options.integer("--threads");
        epochs = options.integer("--epochs");
        images = options.has("--images") ? options.integer("--images") : 0;
        for (Task task : Task.values()) {
            String directory = options.get("--" + task);
            if (directory != null && options.wants(task.toString())) {
                data.put(task, Path.of(directory));
            }
        }
        if (data.isEmpty()) {
            Options.fail("there are no data to train on; options: " + USAGE);
        }
        contenders.add(new Contender("Striate", Sides.STRIATE, Map.of()));
        contenders.add(new Contender("libtorch", Sides.LIBTORCH, Map.of()));
        if (options.has("--kept")) {
            contenders.add(
                    new Contender("libtorch, memory kept", Sides.LIBTORCH, Sides.environment(options.get("--kept"))));
        }
    }

    /**
     * A side, and additions to its environment.
     *
     * @param title in the tables
     */
    private record Contender(String title, String side, Map<String, String> environment) {}

    /** Exits with 1 where the sides did not compute the same, with 2 where one of them failed. */
    public static void main(String[] args) throws InterruptedException {
        EndToEndResults results;
        try {
            results = new EndToEnd(Options.parse(args, USAGE)).run();
        } catch (IOException | StriateException e) {
            System.err.println(e.getMessage());
            System.exit(2);
            return;
        }
        System.out.print(EndToEndReport.of(results));
        results.trainings()
                .forEach(training ->
                        training.checks().forEach(check -> Table.printIfWrong(EndToEndReport.name(training), check)));
        boolean right = results.trainings().stream()
                .flatMap(training -> training.checks().stream())
                .allMatch(Check::holds);
        // Also ends libtorch's threads, which are no daemons.
        System.exit(right ? 0 : 1);
    }

    private EndToEndResults run() throws IOException, InterruptedException {
        // Loads both sides, too: DJL unpacks libtorch the first time, which is not to count.
        Map<String, String> environment = Facts.of(Device.cpu(threads));
        environment.put("libtorch", new TorchSide(threads).detail());
        for (Task task : data.keySet()) {
            // What is wrong with the files is said at once, and they lie in memory for whichever side comes first.
            order(task, 0).read();
        }
        EndToEndResults results = new EndToEndResults(threads, epochs, images, environment, new ArrayList<>());
        String[] seeds = options.get("--seeds").split(",");
        for (Task task : data.keySet()) {
            for (int i = 0; i < seeds.length; i++) {
                List<Contender> turns = new ArrayList<>(contenders);
                if (i % 2 == 1) {
                    Collections.reverse(turns);
                }
                results.trainings().addAll(trainOnce(order(task, Options.integer("--seeds", seeds[i], 0)), turns));
                if (options.has("--json")) {
                    // Every time: what was measured is not lost with what fails an hour later.
                    Json.write(results, Path.of(options.get("--json")));
                }
            }
        }
        return results;
    }

    private WholeTraining.Order order(Task task, int seed) {
        return new WholeTraining.Order(task, data.get(task), seed, threads, epochs, images);
    }

    /** The same training by each contender, Striate's first in what is returned. */
    private List<EndToEndResults.Training> trainOnce(WholeTraining.Order order, List<Contender> turns)
            throws IOException, InterruptedException {
        Map<Contender, WholeTraining.Outcome> outcomes = new LinkedHashMap<>();
        for (Contender contender : turns) {
            System.err.println(order.task().title() + ", seed " + order.seed() + ": " + contender.title);
            outcomes.put(contender, WholeTraining.run(contender.side, contender.environment, order));
        }
        Map<String, float[]> reference = losses(outcomes.get(contenders.get(0)));
        List<EndToEndResults.Training> trainings = new ArrayList<>();
        for (Contender contender : contenders) {
            WholeTraining.Outcome outcome = outcomes.get(contender);
            List<Check> checks = contender.side.equals(Sides.STRIATE)
                    ? List.of()
                    : Check.compare(
                            reference, losses(outcome), order.task().net().lossBounds(Row.COMPARED_STEPS));
            trainings.add(new EndToEndResults.Training(order.task(), order.seed(), contender.title, outcome, checks));
        }
        return trainings;
    }

    private static Map<String, float[]> losses(WholeTraining.Outcome outcome) {
        Map<String, float[]> losses = new LinkedHashMap<>();
        outcome.firstLosses().forEach(loss -> losses.put(Net.lossName(losses.size() + 1), new float[] {loss}));
        return losses;
    }
}
