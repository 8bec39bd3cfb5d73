package dev.striate.backend.cpu.simd;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Decides for each kernel when its vector version takes over from the scalar twin. As long as C2 has not compiled a
 * loop of vectors, each of them is an object and the loop many times slower than the twin. So the first call of a
 * kernel asks for it, and a thread of its own then calls it on small data until C2 has compiled it; kernels get their
 * turn in the order in which they are needed. A kernel and its twin compute the same bits: it does not matter when the
 * one takes over from the other, and one that C2 never compiles, or not well, leaves the work to its twin for good.
 */
final class WarmUp {

    /** Calls for one reading of the allocated bytes. */
    private static final int CALLS = 64;
    /** Readings in a row without boxed vectors: one could be an accident. */
    private static final int PROOF = 8;
    /** More than any kernel allocates per call, less than the boxed vectors of the shortest rehearsal. */
    static final int LEAST_BOXED_BYTES = 512;
    /** How long a kernel's turn lasts at most. One that is not compiled by then goes to the end of the queue. */
    private static final long TURN_NANOS = 1_500_000_000;

    private static final int MOST_TURNS = 20;

    private static final System.Logger LOG = System.getLogger(WarmUp.class.getName());
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final SimdKernels vectorized;
    private final Map<String, Consumer<SimdKernels>> rehearsals;
    private final Runnable profiles;
    private final BlockingQueue<Kernel> asked = new LinkedBlockingQueue<>();
    private boolean started;

    /**
     * @param vectorized the kernels on vectors
     * @param profiles   runs before any kernel, see {@code VectorProfiles}
     */
    WarmUp(SimdKernels vectorized, Runnable profiles) {
        this.vectorized = vectorized;
        this.profiles = profiles;
        this.rehearsals = Rehearsals.of(vectorized);
    }

    /** One of the loops. */
    final class Kernel {

        private final String name;
        private volatile boolean warm;
        private final AtomicBoolean isAsked = new AtomicBoolean();

        private Kernel(String name) {
            this.name = name;
        }

        /** Whether the vector version may run. The first call asks for it. */
        boolean isWarm() {
            if (warm) {
                return true;
            }
            if (!isAsked.get() && isAsked.compareAndSet(false, true)) {
                ask(this);
            }
            return false;
        }
    }

    /** The kernel of this name: that of its interface, a dot and that of the method. */
    Kernel kernel(String name) {
        return new Kernel(name);
    }

    /** The kernels of a method that is one for each kind. */
    Kernel[] kernels(String name, Class<? extends Enum<?>> kinds) {
        return Arrays.stream(kinds.getEnumConstants())
                .map(kind -> new Kernel(name + "." + kind))
                .toArray(Kernel[]::new);
    }

    private synchronized void ask(Kernel kernel) {
        asked.add(kernel);
        if (!started) {
            started = true;
            Thread thread = new Thread(this::rehearseAll, "striate-warm-up");
            thread.setDaemon(true);
            thread.start();
        }
    }

    private void rehearseAll() {
        Map<Kernel, Integer> turns = new HashMap<>();
        try {
            profiles.run();
            while (true) {
                Kernel kernel = asked.take();
                if (rehearse(Objects.requireNonNull(rehearsals.get(kernel.name)))) {
                    kernel.warm = true;
                    LOG.log(System.Logger.Level.DEBUG, "cpu: {0} runs on vectors", kernel.name);
                } else if (turns.merge(kernel, 1, Integer::sum) < MOST_TURNS) {
                    asked.add(kernel);
                }
            }
        } catch (InterruptedException e) {
            // Nobody does that; the kernels that are warm stay so.
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Calls a kernel until it allocates no vectors any more: C2 has then compiled it, and well.
     *
     * @return false if it has not when its turn ends
     */
    private boolean rehearse(Consumer<SimdKernels> kernel) throws InterruptedException {
        long deadline = System.nanoTime() + TURN_NANOS;
        for (int good = 0; good < PROOF; ) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            good = allocatedBytes(kernel) < LEAST_BOXED_BYTES * CALLS ? good + 1 : 0;
            if (good == 0) {
                Thread.sleep(1);
            }
        }
        return true;
    }

    private long allocatedBytes(Consumer<SimdKernels> kernel) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < CALLS; i++) {
            kernel.accept(vectorized);
        }
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }
}
