package dev.striate.disk;

import dev.striate.StriateException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.FileLockInterruptionException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Files that are complete or absent, whenever the program or the machine stops: the bytes go to a temporary file in the same
 * directory, which is renamed once they are on the disk. So the directory must be writable, too. A symbolic link stays, and the
 * file that it leads to is replaced; the new file gets the permissions of the old one, and its owner and group if possible.
 *
 * <p>A writer holds a lock on its temporary file, which the system releases however its process ends. So the next writer of the
 * same name recognises and removes the temporary file of a writer that was killed.
 */
public final class AtomicFile {

    private static final String ENDING = ".tmp";
    private static final String UUID_PATTERN = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
    private static final int MOST_LINKS = 40;

    /** What is being written here: a lock says nothing within one JVM, and to open and close the file would release it. */
    private static final Set<Path> OWN = ConcurrentHashMap.newKeySet();

    private AtomicFile() {}

    /** Writes the content of a file from its start on. */
    @FunctionalInterface
    public interface Content {

        void writeTo(FileChannel channel) throws IOException;
    }

    /**
     * Writes a file, or replaces an existing one.
     *
     * @throws StriateException if that fails, or there is something else of that name; an existing file is unchanged then
     */
    public static void write(Path file, Content content) {
        try {
            Path target = followLinks(file.toAbsolutePath());
            if (Files.exists(target) && !Files.isRegularFile(target)) {
                throw new StriateException("cannot write " + file + ": it is "
                        + (Files.isDirectory(target) ? "a directory" : "not a regular file"));
            }
            removeLeftovers(target);
            while (!writeOnce(target, content)) {
                // Another writer of the same name must come at the same moment each time.
            }
            forceName(target);
        } catch (IOException e) {
            throw failure("cannot write", file, e);
        }
    }

    /** The path at the end of a chain of links, where there may be no file yet. */
    private static Path followLinks(Path file) throws IOException {
        Path target = file;
        for (int links = 0; Files.isSymbolicLink(target); links++) {
            if (links == MOST_LINKS) {
                throw new IOException("too many levels of symbolic links");
            }
            target = target.resolveSibling(Files.readSymbolicLink(target));
        }
        return target;
    }

    /** Gives a new file the permissions of the one that it replaces, and as far as allowed its owner and group. */
    private static void copyPermissions(Path old, Path copy) throws IOException {
        PosixFileAttributeView view = Files.getFileAttributeView(copy, PosixFileAttributeView.class);
        if (view == null || !Files.exists(old)) {
            return;
        }
        PosixFileAttributes attributes = Files.readAttributes(old, PosixFileAttributes.class);
        try {
            view.setGroup(attributes.group());
            view.setOwner(attributes.owner());
        } catch (IOException e) {
            // Only the superuser may give files away; the file is the writer's then.
        }
        if (!view.readAttributes().permissions().equals(attributes.permissions())) {
            view.setPermissions(attributes.permissions());
        }
    }

    /** @return false if another process took the temporary file for a leftover before it was locked; nothing is written then */
    private static boolean writeOnce(Path target, Content content) throws IOException {
        Path temporary = target.resolveSibling(target.getFileName() + "." + UUID.randomUUID() + ENDING);
        OWN.add(temporary);
        try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            // Who removes it holds the lock meanwhile. So it is gone now, or stays.
            if (lock(channel) && Files.notExists(temporary)) {
                return false;
            }
            copyPermissions(target, temporary);
            content.writeTo(channel);
            channel.force(true);
            // Under the lock: without it, the file could be taken for a leftover.
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            return true;
        } finally {
            deleteQuietly(temporary);
            OWN.remove(temporary);
        }
    }

    /** Writes bytes; as {@link #write(Path, Content)}. */
    public static void write(Path file, byte[] bytes) {
        write(file, channel -> writeFully(channel, ByteBuffer.wrap(bytes)));
    }

    /** Writes a text in UTF-8; as {@link #write(Path, Content)}. */
    public static void write(Path file, String text) {
        write(file, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Writes until nothing is left of {@code bytes}. */
    public static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    static void removeLeftovers(Path target) throws IOException {
        String name = target.getFileName().toString();
        DirectoryStream.Filter<Path> temporary = path -> {
            String other = path.getFileName().toString();
            return other.startsWith(name + ".") && other.substring(name.length() + 1).matches(UUID_PATTERN + "\\" + ENDING);
        };
        try (DirectoryStream<Path> found = Files.newDirectoryStream(target.getParent(), temporary)) {
            for (Path path : found) {
                if (!OWN.contains(path)) {
                    removeUnlessLocked(path);
                }
            }
        }
    }

    private static void removeUnlessLocked(Path path) {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            if (tryLock(channel) != null) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            // It is harmless where it is.
        }
    }

    /** The lock, or null if somebody else has it or the file system knows none. */
    private static @Nullable FileLock tryLock(FileChannel channel) {
        try {
            return channel.tryLock();
        } catch (IOException | OverlappingFileLockException e) {
            return null;
        }
    }

    /** Waits for the lock; false if the file system knows none. */
    private static boolean lock(FileChannel channel) throws IOException {
        try {
            channel.lock();
            return true;
        } catch (FileLockInterruptionException e) {
            throw e;
        } catch (IOException | OverlappingFileLockException e) {
            return false;
        }
    }

    /** The new name, too, must survive a loss of power. Some systems open no directories; there it is left to them. */
    private static void forceName(Path target) {
        try (FileChannel directory = FileChannel.open(target.getParent(), StandardOpenOption.READ)) {
            directory.force(true);
        } catch (IOException e) {
            // The file is in its place; all that is unknown is how soon the disk knows.
        }
    }

    private static void deleteQuietly(Path temporary) {
        try {
            Files.deleteIfExists(temporary);
        } catch (IOException e) {
            // What matters has succeeded or is on its way out as an exception.
        }
    }

    /** The error of a file, with the reason in words: {@code cannot read x: there is no such file or directory}. */
    public static StriateException failure(String what, Path file, IOException e) {
        // These two have the file's name for a message.
        String reason = isInterrupt(e) ? "the thread was interrupted"
                : e instanceof NoSuchFileException ? "there is no such file or directory"
                : e instanceof AccessDeniedException ? "access denied"
                : e.getMessage();
        return new StriateException(what + " " + file + ": " + reason, e);
    }

    /** Whether a channel failed because this thread is interrupted, which closes channels and leaves the interrupt flag set. */
    public static boolean isInterrupt(IOException e) {
        return (e instanceof ClosedChannelException || e instanceof FileLockInterruptionException)
                && Thread.currentThread().isInterrupted();
    }
}
