package dev.striate.bench.peers;

import java.util.concurrent.CountDownLatch;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The most float32 multiply-adds that this machine does now: on each thread twelve independent chains of them in
 * registers, enough to fill two units of up to six cycles' latency.
 */
final class FmaPeak {

    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int CHAINS = 12;
    private static final int ITERATIONS = 2_000;
    private static final long WARM_UP_NANOS = 2_000_000_000;
    private static final long SAMPLE_NANOS = 40_000_000;

    private final int threads;
    /** Keeps the results alive, so that the work is done. */
    private volatile float sink;

    FmaPeak(int threads) {
        this.threads = threads;
        sample(WARM_UP_NANOS);
    }

    /** GFLOP/s of all threads together over some 40 ms. */
    double gflops() {
        return sample(SAMPLE_NANOS);
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

    private double run(long nanos, CountDownLatch ready) {
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
            sink = chains();
            flops += 2.0 * ITERATIONS * CHAINS * SPECIES.length();
            elapsed = System.nanoTime() - start;
        } while (elapsed < nanos);
        return flops / elapsed;
    }

    /** Written out: a vector that leaves its method's locals would be boxed. */
    private static float chains() {
        FloatVector factor = FloatVector.broadcast(SPECIES, 0.999f);
        FloatVector term = FloatVector.broadcast(SPECIES, 0.001f);
        FloatVector a = factor;
        FloatVector b = factor;
        FloatVector c = factor;
        FloatVector d = factor;
        FloatVector e = factor;
        FloatVector f = factor;
        FloatVector g = factor;
        FloatVector h = factor;
        FloatVector i = factor;
        FloatVector j = factor;
        FloatVector k = factor;
        FloatVector l = factor;
        for (int n = 0; n < ITERATIONS; n++) {
            a = a.fma(factor, term);
            b = b.fma(factor, term);
            c = c.fma(factor, term);
            d = d.fma(factor, term);
            e = e.fma(factor, term);
            f = f.fma(factor, term);
            g = g.fma(factor, term);
            h = h.fma(factor, term);
            i = i.fma(factor, term);
            j = j.fma(factor, term);
            k = k.fma(factor, term);
            l = l.fma(factor, term);
        }
        return a.add(b)
                .add(c.add(d))
                .add(e.add(f).add(g.add(h)))
                .add(i.add(j).add(k.add(l)))
                .lane(0);
    }
}
