package dev.striate.fuzz;

import com.sun.management.ThreadMXBean;
import dev.striate.StriateException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Runs one target on one input. Jazzer finds the two methods {@code fuzzer...} by their names; the replay of the corpus
 * calls {@link #check} and so needs no Jazzer.
 */
public final class FuzzDriver {

    /** Longer inputs have no bound on their time. */
    private static final int TIMED_BYTES = 1 << 16;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static FuzzTarget target;

    /** Jazzer's instrumentation allocates too, about ten times as much as a parser of text. */
    private static int instrumentation = 1;

    private FuzzDriver() {}

    /** Called once by Jazzer, with the target's name. */
    public static void fuzzerInitialize(String[] arguments) {
        target = FuzzTargets.named(arguments[0]);
        instrumentation = 16;
    }

    /** Called by Jazzer for each input. */
    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        check(target, input);
    }

    /**
     * Throws an error or exception unless the target accepts or refuses the input within its time and memory.
     *
     * @return the refusal, or null
     */
    static @Nullable StriateException check(FuzzTarget target, byte[] input) throws Exception {
        Outcome outcome = run(target, input);
        if (outcome.breach != null) {
            // The first run of a JVM also loads classes, so only a second one counts.
            outcome = run(target, input);
        }
        if (outcome.breach != null) {
            throw new AssertionError("an input of " + input.length + " bytes " + outcome.breach);
        }
        return outcome.refusal;
    }

    /** @param breach the bound that was broken, in words, or null */
    private record Outcome(
            @Nullable StriateException refusal, @Nullable String breach) {}

    private static Outcome run(FuzzTarget target, byte[] input) throws Exception {
        StriateException refusal = null;
        long allocated = THREADS.getCurrentThreadAllocatedBytes();
        long nanos = THREADS.getCurrentThreadCpuTime();
        try {
            target.run(input);
        } catch (StriateException e) {
            refusal = e;
            if (e.getMessage() == null || e.getMessage().isBlank()) {
                throw new AssertionError("refused without a reason", e);
            }
        } catch (OutOfMemoryError e) {
            // JUnit would give up all other tests.
            throw new AssertionError("an input of " + input.length + " bytes exhausted the heap", e);
        }
        Duration time = Duration.ofNanos(THREADS.getCurrentThreadCpuTime() - nanos);
        allocated = THREADS.getCurrentThreadAllocatedBytes() - allocated;
        if (input.length < TIMED_BYTES && time.compareTo(target.mostTime()) > 0) {
            return new Outcome(refusal, "took " + time + ", more than " + target.mostTime());
        }
        long most = target.mostAllocated(instrumentation * input.length);
        return new Outcome(
                refusal,
                allocated > most ? "made the parser allocate " + allocated + " bytes, more than " + most : null);
    }
}
