package dev.striate.cli;

import dev.striate.Shape;
import dev.striate.data.Downloads;
import dev.striate.data.Splits;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options on where a data set comes from. */
final class DataOptions {

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Reads the data set from this directory, plain or packed (default: the user's cache, downloaded if"
                    + " it is not there).")
    private @Nullable Path directory;

    @Option(names = "--offline", description = "Never touches the network.")
    private boolean offline;

    /** The options as they were given, each after a space. */
    String inWords() {
        return (directory == null ? "" : " --data " + directory) + (offline ? " --offline" : "");
    }

    /** @throws dev.striate.StriateException if the data set cannot be had or does not fit the network */
    Splits load(DatasetChoice choice, Shape input) {
        try (DownloadProgress progress = new DownloadProgress(System.err)) {
            return choice.load(directory, Downloads.inUserCache().offline(offline).onProgress(progress), input);
        }
    }
}
