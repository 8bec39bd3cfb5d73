package dev.striate.backend.cpu.simd;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Decides for each kernel when its vector version takes over from the scalar twin. As long as C2 has not compiled a
 * loop of vectors, each of them is an object and the loop many times slower than the twin. So the first call of a
 * kernel asks for it, and a thread of its own then calls it on small data until C2 has compiled it. A kernel and its
 * twin compute the same bits: it does not matter when the one takes over from the other, and one that C2 never
 * compiles, or not well, leaves the work to its twin for good.
 *
 * <p>Work that goes on longer than some moments waits for its kernels. Running twins meanwhile would take the processor
 * from the compiler, and bring little.
 */
final class WarmUp {

    /** Calls for one reading of the allocated bytes. */
    private static final int CALLS = 64;
    /** Readings in a row without boxed vectors: one could be an accident. */
    private static final int PROOF = 8;
    /** More than any kernel allocates per call, less than the boxed vectors of the shortest rehearsal. */
    static final int LEAST_BOXED_BYTES = 512;
    /** How long a kernel is called in vain before it is left to its twin for good. */
    private static final long MOST_REHEARSING_NANOS = 20_000_000_000L;
    /** How long callers run the twin before they wait for the kernel: a short command is done by then. */
    private static final long PATIENCE_NANOS = 300_000_000;
    /** From when on they no longer wait. */
    private static final long MOST_WAITING_NANOS = 2_500_000_000L;

    private static final System.Logger LOG = System.getLogger(WarmUp.class.getName());
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final SimdKernels vectorized;
    private final Map<String, Consumer<SimdKernels>> rehearsals;
    private final Runnable profiles;
    private final BlockingQueue<Kernel> queue = new LinkedBlockingQueue<>();
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
        /** When the first call asked for it, or 0. */
        private final AtomicLong asked = new AtomicLong();

        private long rehearsedNanos;

        private Kernel(String name) {
            this.name = name;
        }

        /** Whether the vector version may run. The first call asks for it. */
        boolean isWarm() {
            return warm || becomesWarm();
        }

        private boolean becomesWarm() {
            long since = asked.get();
            if (since == 0) {
                if (asked.compareAndSet(0, System.nanoTime())) {
                    ask(this);
                }
                return false;
            }
            long waited = System.nanoTime() - since;
            if (waited > PATIENCE_NANOS && waited < MOST_WAITING_NANOS) {
                await(since + MOST_WAITING_NANOS);
            }
            return warm;
        }

        private synchronized void await(long deadline) {
            try {
                for (long left; !warm && (left = deadline - System.nanoTime()) > 0; ) {
                    wait(left / 1_000_000 + 1);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private synchronized void setWarm() {
            warm = true;
            notifyAll();
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
        queue.add(kernel);
        if (!started) {
            started = true;
            Thread thread = new Thread(this::rehearseAll, "striate-warm-up");
            thread.setDaemon(true);
            thread.start();
        }
    }

    /** Kernels take turns, so that C2 compiles one while others are called in the interpreter. */
    private void rehearseAll() {
        try {
            profiles.run();
            while (true) {
                Kernel kernel = queue.take();
                long before = System.nanoTime();
                if (rehearse(Objects.requireNonNull(rehearsals.get(kernel.name)))) {
                    kernel.setWarm();
                    LOG.log(System.Logger.Level.DEBUG, "cpu: {0} runs on vectors", kernel.name);
                    continue;
                }
                kernel.rehearsedNanos += System.nanoTime() - before;
                if (kernel.rehearsedNanos < MOST_REHEARSING_NANOS) {
                    queue.add(kernel);
                    Thread.sleep(1);
                }
            }
        } catch (InterruptedException e) {
            // Nobody does that; the kernels that are warm stay so.
            Thread.currentThread().interrupt();
        }
    }

    /** Whether a kernel allocates no vectors any more: C2 has then compiled it, and well. */
    private boolean rehearse(Consumer<SimdKernels> kernel) {
        for (int good = 0; good < PROOF; good++) {
            if (allocatedBytes(kernel) >= LEAST_BOXED_BYTES * CALLS) {
                return false;
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
