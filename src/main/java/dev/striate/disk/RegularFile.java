package dev.striate.disk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A check of files before they are opened. Opening a named pipe blocks until another process writes to it. */
public final class RegularFile {

    private RegularFile() {}

    /**
     * Checks that a path, after following links, is no pipe, device or other special file. Missing files and
     * directories pass, because opening or reading them throws a more specific exception.
     *
     * @return {@code file}
     * @throws IOException if it is a special file
     */
    public static Path require(Path file) throws IOException {
        if (Files.exists(file) && !Files.isRegularFile(file) && !Files.isDirectory(file)) {
            throw new IOException("it is not a regular file");
        }
        return file;
    }
}
