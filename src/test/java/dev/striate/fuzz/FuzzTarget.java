package dev.striate.fuzz;

import dev.striate.StriateException;
import java.time.Duration;

/** A parser of untrusted bytes under test. {@link FuzzDriver#check} runs it and holds it to its bounds. */
public interface FuzzTarget {

    /**
     * Parses one input and checks the properties of what comes out, such as that it survives being written and read
     * again.
     *
     * @throws StriateException if the parser refuses the input, which is always right; every other exception is a
     *     finding
     */
    void run(byte[] input) throws Exception;

    /** The most bytes that the running thread may allocate for an input of {@code length} bytes. */
    default long mostAllocated(int length) {
        return (16L << 20) + 256L * length;
    }

    /**
     * The most processor time that the running thread may take for an input below 64 KiB. Other threads do not count.
     */
    default Duration mostTime() {
        return Duration.ofSeconds(2);
    }
}
