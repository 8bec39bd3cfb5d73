package dev.striate.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files for parsers that take a path. They are removed when the JVM ends. */
public final class FuzzFiles {

    private final Path directory;

    /** An empty temporary directory. */
    public FuzzFiles() {
        try {
            directory = Files.createTempDirectory("striate-fuzz");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        directory.toFile().deleteOnExit();
    }

    public Path directory() {
        return directory;
    }

    /** The path of a file that need not exist yet. */
    public Path path(String name) {
        Path path = directory.resolve(name);
        path.toFile().deleteOnExit();
        return path;
    }

    /** More names for a file, which need not exist yet. */
    public void link(Path file, String... names) {
        try {
            for (String name : names) {
                Files.createSymbolicLink(path(name), file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
