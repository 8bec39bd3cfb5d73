package dev.striate.cli;

import dev.striate.StriateException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where a command writes its result: {@code --out}, or a directory of the command's choice. Files are made in a hidden directory
 * inside and moved out when all are complete, so that neither an error nor an interrupt leaves half of a result.
 */
final class OutputDirectory {

    private final Path directory;

    /**
     * Checks that the directory is there or can be made, and can be written to; does not make it yet.
     *
     * @throws StriateException if not
     */
    OutputDirectory(Path directory) {
        this.directory = directory.toAbsolutePath().normalize();
        Path existing = this.directory;
        while (!Files.exists(existing) && existing.getParent() != null) {
            existing = existing.getParent();
        }
        String trouble = Files.isDirectory(existing) ? refusal(existing) : "is not a directory";
        if (trouble != null) {
            throw new StriateException("cannot write to the directory " + directory + ": " + existing + " " + trouble
                    + "; choose another one with --out");
        }
    }

    /** Tries it: permissions do not tell of read-only and of made-up file systems. */
    private static @Nullable String refusal(Path directory) {
        try {
            Files.delete(Files.createTempDirectory(directory, ".striate-"));
            return null;
        } catch (IOException e) {
            return "is not writable";
        }
    }

    /**
     * Makes the directory.
     *
     * @throws StriateException if it cannot be made
     */
    void create() {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new StriateException(
                    "the directory " + directory + " cannot be made: " + e + "; choose another one with --out", e);
        }
    }

    /** Writes files into a directory. */
    interface Writer {

        void write(Path directory) throws IOException;
    }

    /**
     * Writes the files of a result, all or none.
     *
     * @throws StriateException if they cannot be written
     */
    void write(Writer writer) {
        try {
            Files.createDirectories(directory);
            Path staging = Files.createTempDirectory(directory, ".striate-");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(staging)));
            try {
                writer.write(staging);
                for (Path file : list(staging)) {
                    Files.move(file, directory.resolve(file.getFileName()), StandardCopyOption.ATOMIC_MOVE,
                            StandardCopyOption.REPLACE_EXISTING);
                }
            } finally {
                delete(staging);
            }
        } catch (IOException e) {
            throw new StriateException("the result could not be written to " + directory + ": " + e, e);
        }
    }

    private static List<Path> list(Path staging) throws IOException {
        try (Stream<Path> files = Files.list(staging)) {
            return files.toList();
        }
    }

    private static void delete(Path staging) {
        try {
            if (Files.exists(staging)) {
                for (Path file : list(staging)) {
                    Files.deleteIfExists(file);
                }
                Files.deleteIfExists(staging);
            }
        } catch (IOException e) {
            System.err.println("could not remove " + staging + ": " + e);
        }
    }
}
