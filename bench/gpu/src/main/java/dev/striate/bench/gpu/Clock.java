package dev.striate.bench.gpu;

import dev.striate.Device;
import java.util.Arrays;
import java.util.List;

/**
 * Samples of one side's time: each the mean of as many calls as fill a while, the wait for the device at their end
 * included.
 */
final class Clock {

    private static final int LEAST_WARM_UP_CALLS = 3;

    private final Device device;
    private final Work work;
    private final double seconds;
    private int calls = 1;

    /** @param seconds that a sample takes, about */
    Clock(Device device, Work work, double seconds) {
        this.device = device;
        this.work = work;
        this.seconds = seconds;
    }

    /** Builds kernels, lets the JVM compile, and sees how many calls make a sample. */
    void warmUp() {
        double spent = 0;
        for (int rounds = 0; spent < seconds || rounds < LEAST_WARM_UP_CALLS; rounds++) {
            double perCall = sample();
            spent += perCall * calls;
            calls = (int) Math.max(1, Math.min(4L * calls, Math.round(seconds / perCall)));
        }
    }

    /** Seconds of a call. */
    double sample() {
        device.synchronize();
        long start = System.nanoTime();
        for (int i = 0; i < calls; i++) {
            work.run();
        }
        device.synchronize();
        return 1e-9 * (System.nanoTime() - start) / calls;
    }

    static double median(List<Double> samples) {
        double[] values = samples.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(values);
        return values[values.length / 2];
    }
}
