package dev.striate.bench.common;

import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/** The work of one row on one side. */
public interface Work extends AutoCloseable {

    /** Does the work once. A device may still be busy afterwards. */
    void run();

    /** Restores the initial state if the work has drifted from it. Called between samples and not timed. */
    default void settle() {}

    /** Returns the results from the common initial state, by name, for comparison with the other side. */
    Map<String, float[]> outcome();

    /** Changes the data of {@link #outcome}; returns false if there are no others. */
    default boolean takeOtherData() {
        return false;
    }

    @Override
    void close();

    /**
     * Returns work that computes one tensor.
     *
     * @param name  the name of the result
     * @param call  computes it
     * @param read  copies its values
     * @param free  frees it
     * @param close frees the inputs
     */
    static <T> Work of(String name, Supplier<T> call, Function<T, float[]> read, Consumer<T> free, Runnable close) {
        return new Work() {
            @Override
            public void run() {
                free.accept(call.get());
            }

            @Override
            public Map<String, float[]> outcome() {
                T result = call.get();
                float[] values = read.apply(result);
                free.accept(result);
                return Map.of(name, values);
            }

            @Override
            public void close() {
                close.run();
            }
        };
    }
}
