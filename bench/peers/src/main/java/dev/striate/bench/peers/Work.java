package dev.striate.bench.peers;

import java.util.Map;

/** One row's work on one side. */
interface Work extends AutoCloseable {

    /** Once more; what is timed. */
    void run();

    /** Brings the work back to where it began, should it have drifted; not timed, called between samples. */
    default void settle() {}

    /**
     * What it computes from the common beginning, by name, for comparison with the other side. Leaves the work ready to
     * run.
     */
    Map<String, float[]> outcome();

    /** Takes other data for {@link #outcome}; false if there are none. */
    default boolean takeOtherData() {
        return false;
    }

    @Override
    void close();
}
