package dev.striate.bench.peers;

import dev.striate.StriateException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Whole trainings, each in a JVM of its own, the sides in turns. */
public final class EndToEnd {

    private static final String STRIATE = "striate";
    private static final String LIBTORCH = "libtorch";

    private final Options options;

    private EndToEnd(Options options) {
        this.options = options;
    }

    /**
     * A side, and what is added to its environment.
     *
     * @param title in the tables
     */
    private record Contender(String title, String side, Map<String, String> environment) {}

    /**
     * What the command line says.
     *
     * @param kept   the environment of libtorch's second setting, with memory kept; without any there is only one
     *     setting
     * @param images 0 for all
     */
    private record Options(
            Map<Task, Path> data,
            int threads,
            List<Integer> seeds,
            int epochs,
            int images,
            Map<String, String> kept,
            @Nullable Path json) {

        static final String USAGE =
                "options: --mnist DIR  --cifar10 DIR  --threads N (2)  --seeds N,... (0)  --epochs N (" + Task.EPOCHS
                        + ")  --images N (all)  --only mnist|cifar10  --kept \"NAME=VALUE ...\"  --json FILE";

        private static final Set<String> NAMES = Set.of(
                "--mnist", "--cifar10", "--threads", "--seeds", "--epochs", "--images", "--only", "--kept", "--json");

        static Options parse(String[] args) {
            Map<String, String> given = new LinkedHashMap<>();
            for (int i = 0; i < args.length; i += 2) {
                if (!NAMES.contains(args[i]) || i + 1 == args.length) {
                    throw new IllegalArgumentException(
                            "expected pairs of option and value, got \"" + args[i] + "\"; " + USAGE);
                }
                given.put(args[i], args[i + 1]);
            }
            Map<Task, Path> data = new LinkedHashMap<>();
            for (Task task : Task.values()) {
                if (given.containsKey("--" + task)
                        && given.getOrDefault("--only", task.toString()).equals(task.toString())) {
                    data.put(task, Path.of(given.get("--" + task)));
                }
            }
            if (data.isEmpty()) {
                throw new IllegalArgumentException("there are no data to train on; " + USAGE);
            }
            Map<String, String> kept = new LinkedHashMap<>();
            for (String setting : given.getOrDefault("--kept", "").split(" ")) {
                int sign = setting.indexOf('=');
                if (sign > 0) {
                    kept.put(setting.substring(0, sign), setting.substring(sign + 1));
                } else if (!setting.isEmpty()) {
                    throw new IllegalArgumentException("--kept has NAME=VALUE, got \"" + setting + "\"");
                }
            }
            return new Options(
                    data,
                    number("--threads", given.getOrDefault("--threads", "2"), 1),
                    Arrays.stream(given.getOrDefault("--seeds", "0").split(","))
                            .map(seed -> number("--seeds", seed, 0))
                            .toList(),
                    number("--epochs", given.getOrDefault("--epochs", Integer.toString(Task.EPOCHS)), 1),
                    given.containsKey("--images") ? number("--images", given.get("--images"), 1) : 0,
                    kept,
                    given.containsKey("--json") ? Path.of(given.get("--json")) : null);
        }

        private static int number(String option, String value, int least) {
            try {
                int number = Integer.parseInt(value);
                if (number >= least) {
                    return number;
                }
            } catch (NumberFormatException e) {
                // Said below.
            }
            throw new IllegalArgumentException(
                    option + ": expected a whole number from " + least + " on, got \"" + value + "\"");
        }

        List<Contender> contenders() {
            List<Contender> all = new ArrayList<>();
            all.add(new Contender("Striate", STRIATE, Map.of()));
            all.add(new Contender("libtorch", LIBTORCH, Map.of()));
            if (!kept.isEmpty()) {
                all.add(new Contender("libtorch, memory kept", LIBTORCH, kept));
            }
            return all;
        }
    }

    /** Exits with 1 where the sides did not compute the same, with 2 where one of them failed. */
    public static void main(String[] args) throws InterruptedException {
        EndToEndResults results;
        try {
            results = new EndToEnd(Options.parse(args)).run();
        } catch (IllegalArgumentException | IOException | StriateException e) {
            System.err.println(e.getMessage());
            System.exit(2);
            return;
        }
        System.out.print(EndToEndReport.of(results));
        List<String> wrong = EndToEndReport.disagreements(results);
        wrong.forEach(System.err::println);
        // Also ends libtorch's threads, which are no daemons.
        System.exit(wrong.isEmpty() ? 0 : 1);
    }

    private EndToEndResults run() throws IOException, InterruptedException {
        // Loads both sides, too: DJL unpacks libtorch the first time, which is not to count.
        Map<String, String> environment =
                Environment.facts(new StriateSide(options.threads), new TorchSide(options.threads));
        for (Task task : options.data.keySet()) {
            // What is wrong with the files is said at once, and they lie in memory for whichever side comes first.
            order(task, 0).read();
        }
        EndToEndResults results =
                new EndToEndResults(options.threads, options.epochs, options.images, environment, new ArrayList<>());
        for (Task task : options.data.keySet()) {
            for (int i = 0; i < options.seeds.size(); i++) {
                List<Contender> turns = options.contenders();
                if (i % 2 == 1) {
                    Collections.reverse(turns);
                }
                results.trainings().addAll(trainOnce(order(task, options.seeds.get(i)), turns));
                if (options.json != null) {
                    // Every time: what was measured is not lost with what fails an hour later.
                    Json.write(results, options.json);
                }
            }
        }
        return results;
    }

    private WholeTraining.Order order(Task task, int seed) {
        return new WholeTraining.Order(
                task, options.data.get(task), seed, options.threads, options.epochs, options.images);
    }

    /** The same training by each contender, Striate's first in what is returned. */
    private List<EndToEndResults.Training> trainOnce(WholeTraining.Order order, List<Contender> turns)
            throws IOException, InterruptedException {
        Map<Contender, WholeTraining.Outcome> outcomes = new LinkedHashMap<>();
        for (Contender contender : turns) {
            System.err.println(order.task().title() + ", seed " + order.seed() + ": " + contender.title);
            outcomes.put(contender, WholeTraining.run(contender.side, contender.environment, order));
        }
        List<Contender> inOrder = options.contenders();
        Map<String, float[]> reference = losses(outcomes.get(inOrder.get(0)));
        List<EndToEndResults.Training> trainings = new ArrayList<>();
        for (Contender contender : inOrder) {
            WholeTraining.Outcome outcome = outcomes.get(contender);
            List<Check> checks = contender.side.equals(STRIATE)
                    ? List.of()
                    : Check.compare(
                            reference, losses(outcome), order.task().net().lossBounds());
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
