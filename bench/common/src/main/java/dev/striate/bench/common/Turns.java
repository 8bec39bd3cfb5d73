package dev.striate.bench.common;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Times a row's work on all sides in turn, so that other load on the machine affects all of them. The order is reversed
 * after each round.
 *
 * @param warmUp      seconds of warm-up of each side
 * @param seconds     seconds of samples, all sides together
 * @param leastRounds the least number of samples of each side
 */
public record Turns(double warmUp, double seconds, int leastRounds) {

    private static final int LEAST_WARM_UP_SAMPLES = 3;
    /** After their work, libtorch's OpenMP threads spin for a while on the cores that the other side needs. */
    private static final long PAUSE_MILLIS = 5;

    /** A side whose calls are timed. */
    public interface Sampler {

        /** Restores the initial state if the work has drifted from it. */
        default void settle() {}

        /** Returns the seconds of a call, the mean over as many calls as fill a while. */
        double sample() throws IOException;

        /** Chooses the number of calls of the following samples, at most four times as many as before. */
        default void adapt(double secondsPerCall) {}
    }

    /** Work in this process. */
    public static final class Clock implements Sampler {

        private final Work work;
        private final Runnable wait;
        private final double seconds;
        private int calls = 1;

        /**
         * Creates a clock.
         *
         * @param wait    waits until the device has done the work
         * @param seconds the length of a sample
         */
        public Clock(Work work, Runnable wait, double seconds) {
            this.work = work;
            this.wait = wait;
            this.seconds = seconds;
        }

        @Override
        public void settle() {
            work.settle();
        }

        @Override
        public double sample() {
            wait.run();
            long start = System.nanoTime();
            for (int i = 0; i < calls; i++) {
                work.run();
            }
            wait.run();
            return 1e-9 * (System.nanoTime() - start) / calls;
        }

        @Override
        public void adapt(double secondsPerCall) {
            calls = (int) Math.max(1, Math.min(4L * calls, Math.round(seconds / secondsPerCall)));
        }

        public int calls() {
            return calls;
        }
    }

    @Override
    public String toString() {
        return Table.format("%.1f s of warm-up of each side, %.1f s of samples in turn; medians", warmUp, seconds);
    }

    /** Measures all sides; the map's order is that of the first round. */
    public Map<String, Timings> measure(Map<String, ? extends Sampler> sides) throws IOException {
        Map<Sampler, Double> spent = new LinkedHashMap<>();
        sides.values().forEach(side -> spent.put(side, 0.0));
        for (int round = 0; round < LEAST_WARM_UP_SAMPLES || Collections.min(spent.values()) < warmUp; round++) {
            for (Sampler side : sides.values()) {
                spent.merge(side, sample(side, null), Double::sum);
            }
        }
        Map<String, List<Double>> samples = new LinkedHashMap<>();
        List<String> order = new ArrayList<>(sides.keySet());
        order.forEach(name -> samples.put(name, new ArrayList<>()));
        double all = 0;
        for (int round = 0; round < leastRounds || all < seconds; round++) {
            for (String name : order) {
                all += sample(sides.get(name), samples.get(name));
            }
            Collections.reverse(order);
        }
        Map<String, Timings> timings = new LinkedHashMap<>();
        samples.forEach((name, values) -> timings.put(name, Timings.of(values)));
        return timings;
    }

    /** Takes a sample, to keep or, during the warm-up, to choose the number of calls; returns the seconds that it took. */
    private static double sample(Sampler side, @Nullable List<Double> kept) throws IOException {
        side.settle();
        try {
            Thread.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted", e);
        }
        long start = System.nanoTime();
        double perCall = side.sample();
        double elapsed = 1e-9 * (System.nanoTime() - start);
        if (kept == null) {
            side.adapt(perCall);
        } else {
            kept.add(perCall);
        }
        return elapsed;
    }
}
