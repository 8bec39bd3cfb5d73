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
 * Decides when a kernel's vector version replaces its scalar version. Before C2 has compiled a vector loop, each vector
 * is an object and the loop is many times slower than the scalar one. The first call of a kernel therefore requests its
 * vector version, and a background thread calls this on small data until C2 has compiled it. Both versions compute the
 * same bits, so it does not matter when the switch happens. A kernel that C2 never compiles well stays scalar.
 *
 * <p>Work that takes longer than a moment waits for its kernels: scalar loops would compete with the compiler for the
 * processor.
 */
final class WarmUp {

    /** Calls for one reading of the allocated bytes. */
    private static final int CALLS = 64;
    /** Consecutive readings without boxed vectors: a single one could be an accident. */
    private static final int PROOF = 8;
    /** More than any kernel allocates per call, less than the boxed vectors of the shortest warm-up call. */
    static final int LEAST_BOXED_BYTES = 512;
    /** A kernel that is not compiled after so much time of its own stays scalar. */
    private static final long MOST_CALLING_NANOS = 20_000_000_000L;
    /** After this time callers wait for a requested kernel. Short commands have finished by then. */
    private static final long PATIENCE_NANOS = 300_000_000;
    /** After this time callers no longer wait. */
    private static final long MOST_WAITING_NANOS = 2_500_000_000L;

    private static final System.Logger LOG = System.getLogger(WarmUp.class.getName());
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final SimdKernels vectorized;
    private final Map<String, Consumer<SimdKernels>> calls;
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
        this.calls = WarmUpCalls.of(vectorized);
    }

    /** One of the loops. */
    final class Kernel {

        private final String name;
        private volatile boolean warm;
        /** When the first call asked for it, or 0. */
        private final AtomicLong asked = new AtomicLong();

        private long calledNanos;

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
            Thread thread = new Thread(this::warmUpAll, "striate-warm-up");
            thread.setDaemon(true);
            thread.start();
        }
    }

    /** Kernels take turns, so that C2 compiles one while others are called in the interpreter. */
    private void warmUpAll() {
        try {
            profiles.run();
            while (true) {
                Kernel kernel = queue.take();
                long before = System.nanoTime();
                if (isCompiled(Objects.requireNonNull(calls.get(kernel.name)))) {
                    kernel.setWarm();
                    LOG.log(System.Logger.Level.DEBUG, "cpu: {0} runs on vectors", kernel.name);
                    continue;
                }
                kernel.calledNanos += System.nanoTime() - before;
                if (kernel.calledNanos < MOST_CALLING_NANOS) {
                    queue.add(kernel);
                    Thread.sleep(1);
                }
            }
        } catch (InterruptedException e) {
            // Nobody does that; the kernels that are warm stay so.
            Thread.currentThread().interrupt();
        }
    }

    /** Calls a kernel; returns whether it allocates no vectors any more: C2 has then compiled it, and well. */
    private boolean isCompiled(Consumer<SimdKernels> kernel) {
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
