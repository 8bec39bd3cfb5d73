package dev.striate.backend.opencl;

import dev.striate.StriateException;
import dev.striate.backend.Tuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Tries parameters on a device. Family by family and parameter by parameter, each value is built and timed while the
 * others stay as they are; the best stays. The time is that of the kernels alone, as the device's profiling events tell
 * it, the median of some runs after one that is not counted. A candidate counts only if its results agree with those of
 * the parameters from before within what the rounding of both sums can come to, and if it is faster again when both are
 * measured once more in turns.
 */
final class OpenClTuner implements Tuning {

    /** What a candidate must be faster by: a search over noise alone would always find something. */
    private static final double LEAST_GAIN = 0.97;

    private static final int DUEL_ROUNDS = 5;

    private final OpenClDevices.Entry device;
    private final KernelShape shape;
    private final OpenClTuningFile file;
    private final Works works;
    private final ToDoubleFunction<OpenClRuntime> clock;

    /** The works that a family is measured on. */
    @FunctionalInterface
    interface Works {
        List<OpenClTuningWork> of(OpenClFamily family, KernelShape shape, boolean quick);
    }

    /** @param clock waits and tells how long the kernels since its last call took, in seconds */
    OpenClTuner(
            OpenClDevices.Entry device,
            KernelShape shape,
            OpenClTuningFile file,
            Works works,
            ToDoubleFunction<OpenClRuntime> clock) {
        this.device = device;
        this.shape = shape;
        this.file = file;
        this.works = works;
        this.clock = clock;
    }

    @Override
    public String state() {
        OpenClTuningFile.Content content = file.read();
        if (content.problem() != null) {
            return "some settings are ignored: " + content.problem() + "; run 'striate tune' again";
        }
        Path path = file.path();
        if (content.values().isEmpty() || path == null) {
            return "none; 'striate tune' searches for faster settings";
        }
        boolean defaults = OpenClParameters.of(device, shape)
                .values()
                .entrySet()
                .containsAll(content.values().entrySet());
        String result = defaults ? "; the defaults are the fastest" : "";
        try {
            return "tuned on "
                    + LocalDate.ofInstant(Files.getLastModifiedTime(path).toInstant(), ZoneId.systemDefault()) + result;
        } catch (IOException e) {
            return "tuned" + result;
        }
    }

    @Override
    public @Nullable Path file() {
        return file.path();
    }

    @Override
    public void search(boolean quick, Listener listener) {
        OpenClParameters parameters = OpenClParameters.of(device, shape);
        OpenClRuntime runtime = new OpenClRuntime(
                device,
                shape,
                OpenClProgramCache.ofUser(device.info()),
                OpenClRuntime.Limits.of(device),
                parameters,
                true);
        Map<OpenClParameter, Integer> found = file.read().values();
        try (OpenClBackend backend = new OpenClBackend(runtime)) {
            for (OpenClFamily family : OpenClFamily.values()) {
                if (family.parameters(shape).stream()
                        .anyMatch(parameter -> parameter.choices(shape).size() > 1)) {
                    try (Search search = new Search(runtime, backend, family, quick)) {
                        found.putAll(search.run(listener));
                    }
                    file.store(found);
                }
            }
        }
    }

    /** One family's. */
    private final class Search implements AutoCloseable {

        private final OpenClRuntime runtime;
        private final OpenClFamily family;
        private final List<OpenClTuningWork.Prepared> prepared;
        private final double[] before;
        private final int runs;
        private final int rounds;

        Search(OpenClRuntime runtime, OpenClBackend backend, OpenClFamily family, boolean quick) {
            this.runtime = runtime;
            this.family = family;
            this.runs = quick ? 3 : 7;
            this.rounds = quick ? 1 : 2;
            this.prepared = works.of(family, shape, quick).stream()
                    .map(work -> work.prepare(backend))
                    .toList();
            this.before = new double[prepared.size()];
        }

        /** Returns the best values of the family's parameters. */
        Map<OpenClParameter, Integer> run(Listener listener) {
            Map<OpenClParameter, Integer> initial = runtime.parameters().values();
            List<OpenClParameter> mine = family.parameters(shape);
            int trials = rounds
                    * mine.stream()
                            .mapToInt(parameter -> parameter.choices(shape).size() - 1)
                            .sum();
            listener.started(family.toString(), OpenClParameters.inWords(family, initial), trials);
            for (int i = 0; i < before.length; i++) {
                before[i] = seconds(prepared.get(i));
            }
            Map<OpenClParameter, Integer> best = initial;
            double bestTime = 1;
            Set<Map<OpenClParameter, Integer>> tried = new HashSet<>(Set.of(initial));
            for (int round = 0; round < rounds; round++) {
                for (OpenClParameter parameter : mine) {
                    for (int value : parameter.choices(shape)) {
                        Map<OpenClParameter, Integer> candidate = new EnumMap<>(best);
                        candidate.put(parameter, value);
                        if (tried.add(candidate)) {
                            Trial trial = measure(candidate);
                            listener.tried(trial);
                            if (trial.time() < LEAST_GAIN * bestTime) {
                                best = candidate;
                                bestTime = trial.time();
                            }
                        }
                    }
                }
            }
            if (best != initial) {
                bestTime = duel(initial, best);
                if (bestTime >= LEAST_GAIN) {
                    listener.notConfirmed(new Trial(OpenClParameters.inWords(family, best), bestTime, null));
                    best = initial;
                }
            }
            runtime.parameters().set(best);
            listener.finished(
                    family.toString(), OpenClParameters.inWords(family, best), best == initial ? 1 : bestTime);
            best.keySet().retainAll(mine);
            return best;
        }

        private Trial measure(Map<OpenClParameter, Integer> candidate) {
            String words = OpenClParameters.inWords(family, candidate);
            if (!family.fits(shape, candidate, device.limits())) {
                return new Trial(words, Double.NaN, "the device's groups are too small");
            }
            runtime.parameters().set(candidate);
            try {
                double time = 0;
                for (int i = 0; i < before.length; i++) {
                    OpenClTuningWork.Prepared work = prepared.get(i);
                    work.run();
                    double unused = clock.applyAsDouble(runtime);
                    if (!work.isRight()) {
                        return new Trial(words, Double.NaN, "wrong results in " + work.name());
                    }
                    time += seconds(work) / before[i] / before.length;
                }
                return new Trial(words, time, null);
            } catch (StriateException e) {
                return new Trial(
                        words,
                        Double.NaN,
                        String.valueOf(e.getMessage()).lines().findFirst().orElse("it failed"));
            }
        }

        /** The median of some runs, after one that builds what is not built. */
        private double seconds(OpenClTuningWork.Prepared work) {
            work.run();
            double unused = clock.applyAsDouble(runtime);
            double[] samples = new double[runs];
            for (int i = 0; i < runs; i++) {
                work.run();
                samples[i] = clock.applyAsDouble(runtime);
            }
            Arrays.sort(samples);
            return samples[runs / 2];
        }

        /** The winner's time as a part of the initial one's, measured in turns: the median of the rounds. */
        private double duel(Map<OpenClParameter, Integer> initial, Map<OpenClParameter, Integer> winner) {
            double[] ratios = new double[DUEL_ROUNDS];
            for (int round = 0; round < DUEL_ROUNDS; round++) {
                for (OpenClTuningWork.Prepared work : prepared) {
                    runtime.parameters().set(initial);
                    double slow = seconds(work);
                    runtime.parameters().set(winner);
                    ratios[round] += seconds(work) / slow / prepared.size();
                }
            }
            Arrays.sort(ratios);
            return ratios[DUEL_ROUNDS / 2];
        }

        @Override
        public void close() {
            prepared.forEach(OpenClTuningWork.Prepared::close);
        }
    }
}
