package dev.striate.backend;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The search for the fastest settings of one device's kernels. What it finds is kept in the user's cache. */
public interface Tuning {

    /** What the device uses when it is opened: {@code found on 2026-11-21}, or why there is nothing. */
    String state();

    /** Where the settings are kept, or null where the user has switched that off. */
    @Nullable Path file();

    /**
     * Searches, and writes the file after each family of kernels. A device that is open goes on with the settings it has.
     *
     * @param quick whether to try less, on smaller work
     * @throws dev.striate.StriateException if the device cannot be opened or the file not be written
     */
    void search(boolean quick, Listener listener);

    /** Hears of a search, on the thread that searches. */
    interface Listener {

        /**
         * A family begins.
         *
         * @param kernels  the family
         * @param settings what it has until now
         * @param trials   how many others are tried at most
         */
        void started(String kernels, String settings, int trials);

        /** One more was tried. */
        void tried(Trial trial);

        /**
         * A family is done.
         *
         * @param settings the best
         * @param time     its time as a part of the time with the settings from before, below 1 if it is faster
         */
        void finished(String kernels, String settings, double time);
    }

    /**
     * One set of settings.
     *
     * @param settings {@code TILE_K=16 LARGE_TILE=64}
     * @param time     as a part of the time with the settings from before, NaN if there was a failure
     * @param failure  why it is out, in a line, or null
     */
    record Trial(String settings, double time, @Nullable String failure) {}
}
