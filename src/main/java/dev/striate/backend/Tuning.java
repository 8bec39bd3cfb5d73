package dev.striate.backend;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The search for the fastest kernel settings of a device. The result is stored in the user's cache. */
public interface Tuning {

    /** Returns the status of the stored settings: {@code tuned on 2026-11-21}, or why there are none. */
    String state();

    /** Returns the file of the settings, or null if storing them is turned off. */
    @Nullable
    Path file();

    /**
     * Runs the search and writes the file after each kernel family. A device that is already open keeps its settings.
     *
     * @param quick whether to try fewer settings on smaller inputs
     * @throws dev.striate.StriateException if the device cannot be opened or the file cannot be written
     */
    void search(boolean quick, Listener listener);

    /** Receives the progress of a search, on the thread that runs it. */
    interface Listener {

        /**
         * Called before a kernel family is searched.
         *
         * @param kernels  the family
         * @param settings its default settings
         * @param trials   the largest number of other settings to try
         */
        void started(String kernels, String settings, int trials);

        /** Called after each trial. */
        void tried(Trial trial);

        /**
         * Called if the best trial was not faster when it was measured once more, alternating with the default settings,
         * which are kept.
         *
         * @param trial the settings with their second time
         */
        void notConfirmed(Trial trial);

        /**
         * Called after a kernel family was searched.
         *
         * @param settings the best settings
         * @param time     its time divided by the time with the default settings; below 1 if it is faster
         */
        void finished(String kernels, String settings, double time);
    }

    /**
     * A trial of one set of settings.
     *
     * @param settings the settings, such as {@code TILE_K=16 LARGE_TILE=64}
     * @param time     its time divided by the time with the default settings; NaN after a failure
     * @param failure  the reason for the failure in one line, or null
     */
    record Trial(String settings, double time, @Nullable String failure) {}
}
