package dev.striate.cli;

import dev.striate.StriateException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The output directory of a command: {@code --out}, or a default. While it is open, it is locked against other
 * processes of this program. The operating system releases the lock even if the process is killed.
 *
 * <p>{@link #write} writes files to a hidden subdirectory and moves them out when all are complete, so that neither an
 * error nor an interrupt leaves an incomplete result. A new directory is removed at the end if nothing was written to
 * it.
 */
final class OutputDirectory implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(OutputDirectory.class.getName());
    private static final String LOCK = ".striate-lock";
    private static final String STAGING = ".striate-";

    private final Path path;
    private final Path directory;
    /** The directories that were created for this one, the outermost first. */
    private final List<Path> made = new ArrayList<>();

    private final FileChannel lock;
    private final Thread hook = new Thread(this::clean);
    private volatile @Nullable Path staging;

    /**
     * Opens a directory. It is created if it is missing.
     *
     * @throws StriateException if it cannot be created or written to, or another process is writing to it
     */
    static OutputDirectory open(Path directory) {
        return new OutputDirectory(directory, false);
    }

    /**
     * Creates and opens a new directory: {@code directory}, or if that exists, {@code directory-2}, {@code directory-3}
     * and so on.
     *
     * @throws StriateException as {@link #open}
     */
    static OutputDirectory openNew(Path directory) {
        return new OutputDirectory(directory, true);
    }

    private OutputDirectory(Path wanted, boolean unique) {
        Path absolute = wanted.toAbsolutePath().normalize();
        requireWritable(absolute, wanted);
        boolean done = false;
        try {
            directory = unique ? makeUnique(absolute) : absolute;
            path = unique ? wanted.resolveSibling(directory.getFileName()) : wanted;
            make(directory);
            lock = lock(directory);
            done = true;
        } catch (IOException e) {
            throw new StriateException(
                    "cannot use the directory " + wanted + ": " + e + "; choose another one with --out", e);
        } finally {
            if (!done) {
                removeMade();
            }
        }
        Runtime.getRuntime().addShutdownHook(hook);
    }

    private static void requireWritable(Path directory, Path wanted) {
        Path existing = directory;
        while (!Files.exists(existing) && existing.getParent() != null) {
            existing = existing.getParent();
        }
        String trouble = Files.isDirectory(existing) ? refusal(existing) : "is not a directory";
        if (trouble != null) {
            throw new StriateException("cannot write to the directory " + wanted + ": " + existing + " " + trouble
                    + "; choose another one with --out");
        }
    }

    /** Tries to create a directory, because permissions do not reveal read-only and virtual file systems. */
    private static @Nullable String refusal(Path directory) {
        try {
            Files.delete(Files.createTempDirectory(directory, STAGING));
            return null;
        } catch (IOException e) {
            return "is not writable";
        }
    }

    private Path makeUnique(Path first) throws IOException {
        Path parent = first.getParent();
        if (parent != null) {
            make(parent);
        }
        Path path = first;
        for (int number = 2; !makeOne(path); number++) {
            path = first.resolveSibling(first.getFileName() + "-" + number);
        }
        return path;
    }

    /** Creates a directory and its missing parents. */
    private void make(Path path) throws IOException {
        Path parent = path.getParent();
        if (parent != null && !Files.isDirectory(path)) {
            make(parent);
            makeOne(path);
        }
    }

    /** Creates one directory. Returns false if the name exists. */
    private boolean makeOne(Path path) throws IOException {
        try {
            Files.createDirectory(path);
            made.add(path);
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        }
    }

    private static FileChannel lock(Path directory) throws IOException {
        Path file = directory.resolve(LOCK);
        while (true) {
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            try {
                if (channel.tryLock() == null) {
                    throw busy(directory);
                }
                // The previous holder deletes the file before it releases the lock. Then the next one needs a new file.
                if (Files.exists(file)) {
                    return channel;
                }
            } catch (OverlappingFileLockException e) {
                throw busy(directory);
            } catch (IOException e) {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "{0} cannot be locked ({1}): do not start another run that writes to it",
                        directory,
                        e.getMessage());
                return channel;
            }
            channel.close();
        }
    }

    private static StriateException busy(Path directory) {
        return new StriateException("another process is writing to the directory " + directory
                + "; wait until it has finished, or choose another one with --out");
    }

    /** Returns the files with matching names, sorted. */
    List<Path> files(Predicate<String> name) {
        try {
            return list(directory).stream()
                    .filter(file -> name.test(file.getFileName().toString()))
                    .toList();
        } catch (IOException e) {
            throw new StriateException("cannot list the directory " + directory + ": " + e, e);
        }
    }

    /** Deletes the files with matching names. */
    void delete(Predicate<String> name) {
        try {
            for (Path file : files(name)) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new StriateException("cannot delete an earlier result in " + directory + ": " + e, e);
        }
    }

    /** Returns the path of the directory. It is relative if the requested path is relative. */
    Path path() {
        return path;
    }

    /** Writes files into a directory. */
    interface Writer {

        void write(Path directory) throws IOException;
    }

    /**
     * Writes the files of a result: all of them, or none if the writer fails.
     *
     * @throws StriateException if they cannot be written
     */
    void write(Writer writer) {
        try {
            Path target = Files.createTempDirectory(directory, STAGING);
            staging = target;
            try {
                writer.write(target);
                for (Path file : list(target)) {
                    Files.move(
                            file,
                            directory.resolve(file.getFileName()),
                            StandardCopyOption.ATOMIC_MOVE,
                            StandardCopyOption.REPLACE_EXISTING);
                }
            } finally {
                removeStaging();
            }
        } catch (IOException e) {
            throw new StriateException("cannot write the result to " + directory + ": " + e, e);
        }
    }

    private static List<Path> list(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        }
    }

    /** Unlocks the directory, and removes it if it is new and empty. */
    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The program is ending, and the shutdown hook cleans up.
            return;
        }
        clean();
    }

    private void clean() {
        removeStaging();
        try (FileChannel released = lock) {
            Files.deleteIfExists(directory.resolve(LOCK));
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "cannot remove {0}: {1}", directory.resolve(LOCK), e);
        }
        removeMade();
    }

    private synchronized void removeStaging() {
        Path target = staging;
        if (target == null) {
            return;
        }
        try {
            for (Path file : list(target)) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(target);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "cannot remove {0}: {1}", target, e);
        }
        staging = null;
    }

    private void removeMade() {
        Collections.reverse(made);
        try {
            for (Path path : made) {
                Files.delete(path);
            }
        } catch (IOException e) {
            // The directory contains files.
        }
    }
}
