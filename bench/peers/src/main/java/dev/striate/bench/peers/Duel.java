package dev.striate.bench.peers;

import java.util.ArrayList;
import java.util.List;

/**
 * Times one row's work on both sides in turns, Striate first in one round and libtorch first in the next. A sample is
 * the mean of as many calls as fill 25 ms, so that what the other side left in the caches does not count.
 */
final class Duel {

    private static final double SAMPLE_SECONDS = 0.025;
    private static final int LEAST_ROUNDS = 5;
    private static final int LEAST_WARM_UP_CALLS = 3;
    /** libtorch's OpenMP threads wait for more work spinning, on the core that the other side needs. */
    private static final long PAUSE_MILLIS = 5;

    private final Contender striate;
    private final Contender libtorch;

    Duel(Work striate, Work libtorch) {
        this.striate = new Contender(striate);
        this.libtorch = new Contender(libtorch);
    }

    /** Runs both sides in turns for this long each, and sees how many calls make a sample. */
    void warmUp(double seconds) {
        while (striate.spent < seconds
                || libtorch.spent < seconds
                || striate.calls() < LEAST_WARM_UP_CALLS
                || libtorch.calls() < LEAST_WARM_UP_CALLS) {
            for (Contender contender : List.of(striate, libtorch)) {
                pause();
                contender.warmUp();
            }
        }
        striate.fixSample();
        libtorch.fixSample();
    }

    /** Takes samples in turns for this long in all, at least five of each side. */
    void measure(double seconds) {
        for (int round = 0; round < LEAST_ROUNDS || striate.spent + libtorch.spent < seconds; round++) {
            for (Contender contender : round % 2 == 0 ? List.of(striate, libtorch) : List.of(libtorch, striate)) {
                contender.work.settle();
                pause();
                contender.sample();
            }
        }
    }

    Timings striate() {
        return striate.timings();
    }

    Timings libtorch() {
        return libtorch.timings();
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** One side's work and its clock. */
    private static final class Contender {

        final Work work;
        double spent;
        private final List<Double> samples = new ArrayList<>();
        private int calls;
        private int callsPerSample;
        private double lastCall;

        Contender(Work work) {
            this.work = work;
        }

        int calls() {
            return calls;
        }

        /** At least one call and at most some 25 ms of them. */
        void warmUp() {
            work.settle();
            double start = now();
            int made = 0;
            double elapsed;
            do {
                work.run();
                made++;
                elapsed = now() - start;
            } while (elapsed < SAMPLE_SECONDS);
            calls += made;
            lastCall = elapsed / made;
            spent += elapsed;
        }

        void fixSample() {
            callsPerSample = (int) Math.max(1, Math.round(SAMPLE_SECONDS / lastCall));
            spent = 0;
        }

        void sample() {
            double start = now();
            for (int i = 0; i < callsPerSample; i++) {
                work.run();
            }
            double elapsed = now() - start;
            samples.add(elapsed / callsPerSample);
            spent += elapsed;
        }

        Timings timings() {
            return Timings.of(callsPerSample, samples);
        }

        private static double now() {
            return System.nanoTime() * 1e-9;
        }
    }
}
