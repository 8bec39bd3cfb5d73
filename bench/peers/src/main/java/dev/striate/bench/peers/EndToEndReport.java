package dev.striate.bench.peers;

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
        text.append("- threads: ").append(results.threads()).append('\n');
        results.environment()
                .forEach((name, value) -> text.append("- ")
                        .append(name)
                        .append(": ")
                        .append(value)
                        .append('\n'));
        byTask(results).forEach((task, trainings) -> addTask(text, task, trainings, results.epochs()));
        text.append("\n## Same work\n").append(Report.CHECKS_HEAD);
        results.trainings()
                .forEach(training -> training.checks().forEach(check -> Report.addCheck(text, name(training), check)));
        return text.toString();
    }

    /** A line for each loss that differs more than rounding explains. */
    static List<String> disagreements(EndToEndResults results) {
        List<String> lines = new ArrayList<>();
        results.trainings()
                .forEach(training -> training.checks().stream()
                        .filter(check -> !check.holds())
                        .forEach(check -> lines.add(Report.disagreement(name(training), check))));
        return lines;
    }

    private static String name(Training training) {
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
        text.append(Report.format(
                "%n## %s%n%nEpochs: %d. Batch size: %d. %s.%n%n", task.title(), epochs, Task.BATCH, task.recipe()));
        text.append(Report.format(
                "| seed | side | test accuracy at the end | to %.0f %%, s | to the end, s | peak MiB |%n",
                100 * task.target()));
        text.append("|---:|---|---:|---:|---:|---:|\n");
        Map<Integer, List<Training>> bySeed = new LinkedHashMap<>();
        trainings.forEach(training -> bySeed.computeIfAbsent(training.seed(), seed -> new ArrayList<>())
                .add(training));
        bySeed.forEach((seed, same) -> addSeed(text, seed, same));

        text.append("\n| seed | epoch |");
        List<Training> first = bySeed.values().iterator().next();
        first.forEach(
                training -> text.append(Report.format(" %s: s | training loss | test accuracy |", training.side())));
        text.append("\n|---:|---:|")
                .append("---:|---:|---:|".repeat(first.size()))
                .append('\n');
        bySeed.forEach((seed, same) -> addEpochs(text, seed, same, epochs));
    }

    private static void addEpochs(StringBuilder text, int seed, List<Training> trainings, int epochs) {
        for (int i = 0; i < epochs; i++) {
            text.append(Report.format("| %d | %d |", seed, i + 1));
            for (Training training : trainings) {
                WholeTraining.Epoch epoch = training.outcome().epochs().get(i);
                text.append(Report.format(
                        " %.2f | %.4f | %.2f %% |", epoch.seconds(), epoch.loss(), 100 * epoch.accuracy()));
            }
            text.append('\n');
        }
    }

    /** A line per side, and one of what the best of libtorch's takes as a multiple of Striate's. */
    private static void addSeed(StringBuilder text, int seed, List<Training> trainings) {
        for (Training training : trainings) {
            double reached = secondsToTarget(training);
            text.append(Report.format(
                    "| %d | %s | %.2f %% | %s | %.2f | %.0f |%n",
                    seed,
                    training.side(),
                    100 * training.outcome().last().accuracy(),
                    Double.isInfinite(reached) ? NOT_REACHED : Report.format("%.2f", reached),
                    secondsToEnd(training),
                    peakBytes(training) / (1 << 20)));
        }
        text.append(Report.format(
                "| %d | ratio, libtorch's better | | %s | %s | %s |%n",
                seed,
                ratio(trainings, EndToEndReport::secondsToTarget),
                ratio(trainings, EndToEndReport::secondsToEnd),
                ratio(trainings, EndToEndReport::peakBytes)));
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
        return Double.isFinite(here) && Double.isFinite(there) ? Report.format("%.2f", there / here) : "";
    }
}
