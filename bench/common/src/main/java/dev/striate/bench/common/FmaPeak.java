package dev.striate.bench.common;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The greatest speed of float32 multiply-adds that this machine shows: on each thread, twelve independent chains of them
 * in registers. Two units of four cycles' latency need eight; with both factors, twelve still fit into the sixteen
 * registers of AVX2.
 */
public final class FmaPeak {

    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int CHAINS = 12;
    private static final int ITERATIONS = 20_000;
    private static final long WARM_UP_NANOS = 2_000_000_000;
    private static final long SAMPLE_NANOS = 10_000_000;
    private static final int SAMPLES = 100;

    /** Not a constant, so that the JIT compiler does not unroll the loop; see {@link #chains}. */
    private static volatile int step = 1;
    /** Keeps the results alive, so that the work is done. */
    private static volatile float sink;

    private final int threads;
    private double best;

    /** Warms up. */
    public FmaPeak(int threads) {
        this.threads = threads;
        sample(WARM_UP_NANOS);
    }

    /**
     * The best of the samples.
     *
     * @param flops per second, of all threads together
     * @param bits  the width of the vectors
     */
    public record Peak(double flops, int bits, int threads) {
        @Override
        public String toString() {
            return Table.format(
                    "%.1f GFLOP/s with vectors of %d bits, threads: %d, the best of many probes",
                    flops / 1e9, bits, threads);
        }
    }

    /** Argument: the number of threads. Prints the peak as JSON. */
    public static void main(String[] args) {
        System.out.println(Json.line(new FmaPeak(Integer.parseInt(args[0])).probe()));
    }

    /** Measures in a JVM of its own, with the module. */
    public static Peak inOwnProcess(int threads, List<String> flags) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(OwnProcess.VECTORS);
        all.addAll(flags);
        return Json.parse(OwnProcess.run(FmaPeak.class, all, List.of(Integer.toString(threads))), Peak.class);
    }

    /** Takes samples, a second in all; returns the best so far. */
    public Peak probe() {
        for (int i = 0; i < SAMPLES; i++) {
            best = Math.max(best, sample(SAMPLE_NANOS));
        }
        return new Peak(best, SPECIES.vectorBitSize(), threads);
    }

    private double sample(long nanos) {
        double[] speeds = new double[threads];
        CountDownLatch ready = new CountDownLatch(threads);
        Thread[] others = new Thread[threads - 1];
        for (int i = 0; i < others.length; i++) {
            int thread = i + 1;
            others[i] = new Thread(() -> speeds[thread] = run(nanos, ready));
            others[i].start();
        }
        speeds[0] = run(nanos, ready);
        double sum = speeds[0];
        try {
            for (int i = 0; i < others.length; i++) {
                others[i].join();
                sum += speeds[i + 1];
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted", e);
        }
        return sum;
    }

    private static double run(long nanos, CountDownLatch ready) {
        ready.countDown();
        try {
            ready.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted", e);
        }
        double flops = 0;
        long start = System.nanoTime();
        long elapsed;
        do {
            sink = chains(step);
            flops += 2.0 * ITERATIONS * CHAINS * SPECIES.length();
            elapsed = System.nanoTime() - start;
        } while (elapsed < nanos);
        return 1e9 * flops / elapsed;
    }

    /**
     * Runs the chains. They accumulate, as the instruction does: with another order of the operands, each multiply-add
     * needs a copy of a register, and on AVX2 the registers do not suffice. An unrolled loop would have the steps of a
     * chain one after the other. Written out, because a vector that leaves its method's locals would be boxed.
     */
    private static float chains(int step) {
        FloatVector x = FloatVector.broadcast(SPECIES, 0.999f);
        FloatVector y = FloatVector.broadcast(SPECIES, 0.001f);
        FloatVector a = x;
        FloatVector b = x.add(1);
        FloatVector c = x.add(2);
        FloatVector d = x.add(3);
        FloatVector e = x.add(4);
        FloatVector f = x.add(5);
        FloatVector g = x.add(6);
        FloatVector h = x.add(7);
        FloatVector i = x.add(8);
        FloatVector j = x.add(9);
        FloatVector k = x.add(10);
        FloatVector l = x.add(11);
        for (int n = 0; n < ITERATIONS; n += step) {
            a = x.fma(y, a);
            b = x.fma(y, b);
            c = x.fma(y, c);
            d = x.fma(y, d);
            e = x.fma(y, e);
            f = x.fma(y, f);
            g = x.fma(y, g);
            h = x.fma(y, h);
            i = x.fma(y, i);
            j = x.fma(y, j);
            k = x.fma(y, k);
            l = x.fma(y, l);
        }
        return a.add(b)
                .add(c.add(d))
                .add(e.add(f).add(g.add(h)))
                .add(i.add(j).add(k.add(l)))
                .lane(0);
    }
}
