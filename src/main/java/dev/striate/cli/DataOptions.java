package dev.striate.cli;

import dev.striate.Shape;
import dev.striate.data.Downloads;
import dev.striate.data.Splits;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say where a data set comes from. */
final class DataOptions {

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Directory of the data set, unpacked or as published (default: the user's cache, into which missing"
                    + " files are downloaded).")
    private @Nullable Path directory;

    @Option(names = "--offline", description = "Do not use the network.")
    private boolean offline;

    /** The options that were given. */
    List<String> arguments() {
        List<String> arguments = new ArrayList<>();
        if (directory != null) {
            arguments.add("--data=" + directory);
        }
        if (offline) {
            arguments.add("--offline");
        }
        return arguments;
    }

    /** @throws dev.striate.StriateException if the data set is not available or does not fit the network */
    Splits load(DatasetChoice choice, Shape input) {
        try (DownloadProgress progress = new DownloadProgress(System.err)) {
            return choice.load(directory, Downloads.inUserCache().offline(offline).onProgress(progress), input);
        }
    }
}
