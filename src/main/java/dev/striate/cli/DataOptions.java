package dev.striate.cli;

import dev.striate.Shape;
import dev.striate.data.Downloads;
import dev.striate.data.Splits;
import dev.striate.disk.PrintableText;
import dev.striate.io.Image;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options for the source of a data set. */
final class DataOptions {

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description =
                    "Directory of the data set, unpacked or as published (default: the user's cache, into which missing"
                            + " files are downloaded).")
    private @Nullable Path directory;

    @Option(names = "--offline", description = "Do not use the network.")
    private boolean offline;

    @Mixin
    private PictureOptions pictureOptions = new PictureOptions();

    /** The options that were given. */
    List<String> arguments() {
        List<String> arguments = new ArrayList<>();
        if (directory != null) {
            arguments.add("--data=" + directory);
        }
        if (offline) {
            arguments.add("--offline");
        }
        if (pictureOptions.maxPixels() != Image.DEFAULT_MAX_PIXELS) {
            arguments.add("--max-pixels=" + pictureOptions.maxPixels());
        }
        return arguments;
    }

    boolean hasDirectory() {
        return directory != null;
    }

    /** Returns the name of a data set for printed text; an image folder is named after its directory. */
    String title(DatasetChoice choice) {
        Path name = directory == null
                ? null
                : directory.toAbsolutePath().normalize().getFileName();
        return choice == DatasetChoice.FOLDER && name != null
                ? "image folder " + PrintableText.of(name.toString())
                : choice.title();
    }

    /** @throws dev.striate.StriateException if the data set is not available or does not fit the network */
    @SuppressWarnings("ClosingStandardOutputStreams") // To close the progress ends its line, not the stream.
    Splits load(DatasetChoice choice, Shape input) {
        try (DownloadProgress progress = new DownloadProgress(System.err)) {
            Downloads downloads = Downloads.inUserCache().offline(offline).onProgress(progress);
            return choice.load(directory, downloads, input, pictureOptions.maxPixels());
        }
    }
}
