package dev.striate.bench.peers;

import dev.striate.bench.common.Table;
import dev.striate.bench.peers.EndToEndResults.Training;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** {@link EndToEndResults} as Markdown. */
final class EndToEndReport {

    private static final String NOT_REACHED = "not reached";

    private EndToEndReport() {}

    static String of(EndToEndResults results) {
        StringBuilder text = new StringBuilder("# Striate and libtorch, whole trainings\n\n");
        if (results.images() > 0) {
            text.append("Functional check on a subset of ")
                    .append(results.images())
                    .append(" training images and at most as many test images.\n\n");
        }
        text.append("- threads: ").append(results.threads()).append('\n').append(Table.facts(results.environment()));
        byTask(results).forEach((task, trainings) -> addTask(text, task, trainings, results.epochs()));
        Table checks = Table.checks();
        results.trainings()
                .forEach(training -> training.checks().forEach(check -> checks.check(name(training), check)));
        return text.append(checks).toString();
    }

    static String name(Training training) {
        return training.task() + " seed " + training.seed() + ", " + training.side();
    }

    private static Map<Task, List<Training>> byTask(EndToEndResults results) {
        Map<Task, List<Training>> tasks = new LinkedHashMap<>();
        results.trainings()
                .forEach(training -> tasks.computeIfAbsent(training.task(), task -> new ArrayList<>())
                        .add(training));
        return tasks;
    }

    private static void addTask(StringBuilder text, Task task, List<Training> trainings, int epochs) {
        text.append(Table.format(
                "%n## %s%n%nEpochs: %d. Batch size: %d. %s.%n", task.title(), epochs, Task.BATCH, task.recipe()));
        Map<Integer, List<Training>> bySeed = new LinkedHashMap<>();
        trainings.forEach(training -> bySeed.computeIfAbsent(training.seed(), seed -> new ArrayList<>())
                .add(training));
        Table ends = new Table(
                "side and seed",
                "test accuracy at the end",
                Table.format("to %.0f %%, s", 100 * task.target()),
                "to the end, s",
                "peak MiB");
        Table all = new Table("side, seed, epoch", "s", "training loss", "test accuracy");
        bySeed.forEach((seed, same) -> addSeed(ends, all, seed, same));
        text.append(ends).append(all);
    }

    /** Adds a row per side, one of the ratios of libtorch's better setting to Striate, and all epochs. */
    private static void addSeed(Table ends, Table all, int seed, List<Training> trainings) {
        for (Training training : trainings) {
            double reached = secondsToTarget(training);
            ends.row(
                    training.side() + ", " + seed,
                    Table.format("%.2f %%", 100 * training.outcome().last().accuracy()),
                    Double.isInfinite(reached) ? NOT_REACHED : Table.format("%.2f", reached),
                    Table.format("%.2f", secondsToEnd(training)),
                    Table.format("%.0f", peakBytes(training) / (1 << 20)));
            List<WholeTraining.Epoch> epochs = training.outcome().epochs();
            for (int i = 0; i < epochs.size(); i++) {
                WholeTraining.Epoch epoch = epochs.get(i);
                all.row(
                        training.side() + ", " + seed + ", " + (i + 1),
                        Table.format("%.2f", epoch.seconds()),
                        Table.format("%.4f", epoch.loss()),
                        Table.format("%.2f %%", 100 * epoch.accuracy()));
            }
        }
        ends.row(
                "ratio of the better libtorch, " + seed,
                "",
                ratio(trainings, EndToEndReport::secondsToTarget),
                ratio(trainings, EndToEndReport::secondsToEnd),
                ratio(trainings, EndToEndReport::peakBytes));
    }

    /** Infinite where it was not reached. */
    private static double secondsToTarget(Training training) {
        return training.outcome().secondsTo(training.task().target()).orElse(Double.POSITIVE_INFINITY);
    }

    private static double secondsToEnd(Training training) {
        return training.outcome().last().seconds();
    }

    private static double peakBytes(Training training) {
        return training.outcome().peakBytes();
    }

    private static String ratio(List<Training> trainings, ToDoubleFunction<Training> cost) {
        double here = cost.applyAsDouble(trainings.get(0));
        double there = trainings.stream().skip(1).mapToDouble(cost).min().orElseThrow();
        return Double.isFinite(here) && Double.isFinite(there) ? Table.format("%.2f", there / here) : "";
    }
}
