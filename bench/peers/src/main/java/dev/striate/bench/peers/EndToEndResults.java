package dev.striate.bench.peers;

import dev.striate.bench.common.Check;
import java.util.List;
import java.util.Map;

/**
 * All that {@link EndToEnd} measured, as its JSON file holds it.
 *
 * @param images how many images were trained on, 0 for all
 */
record EndToEndResults(int threads, int epochs, int images, Map<String, String> environment, List<Training> trainings) {

    /**
     * One training by one side; of each task and seed, Striate's comes before the others.
     *
     * @param side   as the tables call it
     * @param checks of the first losses against Striate's; none for Striate itself
     */
    record Training(Task task, int seed, String side, WholeTraining.Outcome outcome, List<Check> checks) {}
}
