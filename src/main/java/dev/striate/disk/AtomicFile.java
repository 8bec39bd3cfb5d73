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
 * Writes files atomically: a file is complete or unchanged, even if the program or the machine stops at any moment. The
 * bytes are written to a temporary file in the same directory, which is renamed after it has reached the disk; so the
 * directory must be writable. If the path is a symbolic link, its target is replaced and the link is kept. The new file
 * gets the permissions of the old one, and its owner and group if possible.
 *
 * <p>A writer locks its temporary file. The operating system releases the lock even if the process is killed, so the
 * next writer of the same file recognises an abandoned temporary file and deletes it.
 */
public final class AtomicFile {

    private static final String ENDING = ".tmp";
    private static final String UUID_PATTERN = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
    private static final int MOST_LINKS = 40;

    /**
     * The temporary files of this JVM. File locks do not protect them from other threads of the same JVM, and closing
     * any channel of a file may release its lock.
     */
    private static final Set<Path> OWN = ConcurrentHashMap.newKeySet();

    private AtomicFile() {}

    /** Writes the content of a file, starting at its beginning. */
    @FunctionalInterface
    public interface Content {

        void writeTo(FileChannel channel) throws IOException;
    }

    /**
     * Creates or replaces a file.
     *
     * @throws StriateException if writing fails, or the path is a directory or other special file; an existing file is
     *     unchanged then
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
                // This repeats only if another writer of the same file interferes at the same moment.
            }
            forceName(target);
        } catch (IOException e) {
            throw failure("cannot write", file, e);
        }
    }

    /** Returns the path at the end of a chain of symbolic links. The file need not exist. */
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

    /** Copies permissions from the replaced file to the new one, and the owner and group if the system allows it. */
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
            // Only the superuser may change owners. Otherwise, the new file belongs to the current user.
        }
        if (!view.readAttributes().permissions().equals(attributes.permissions())) {
            view.setPermissions(attributes.permissions());
        }
    }

    /**
     * @return false if another process deleted the temporary file as abandoned before it was locked; nothing is written
     *     then
     */
    private static boolean writeOnce(Path target, Content content) throws IOException {
        Path temporary = target.resolveSibling(target.getFileName() + "." + UUID.randomUUID() + ENDING);
        OWN.add(temporary);
        try (FileChannel channel =
                FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            // A process deletes the file only while it holds the lock. So the file is either deleted by now, or safe.
            if (lock(channel) && Files.notExists(temporary)) {
                return false;
            }
            copyPermissions(target, temporary);
            content.writeTo(channel);
            channel.force(true);
            // The lock is still held: otherwise another process could delete the file as abandoned.
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            return true;
        } finally {
            deleteQuietly(temporary);
            OWN.remove(temporary);
        }
    }

    /** Creates or replaces a file with these bytes; see {@link #write(Path, Content)}. */
    public static void write(Path file, byte[] bytes) {
        write(file, channel -> writeFully(channel, ByteBuffer.wrap(bytes)));
    }

    /** Creates or replaces a file with this text in UTF-8; see {@link #write(Path, Content)}. */
    public static void write(Path file, String text) {
        write(file, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Writes all remaining {@code bytes}. */
    public static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    static void removeLeftovers(Path target) throws IOException {
        String name = target.getFileName().toString();
        DirectoryStream.Filter<Path> temporary = path -> {
            String other = path.getFileName().toString();
            return other.startsWith(name + ".")
                    && other.substring(name.length() + 1).matches(UUID_PATTERN + "\\" + ENDING);
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
            // An abandoned file is harmless.
        }
    }

    /** Returns the lock, or null if another process holds it or the file system has no locks. */
    private static @Nullable FileLock tryLock(FileChannel channel) {
        try {
            return channel.tryLock();
        } catch (IOException | OverlappingFileLockException e) {
            return null;
        }
    }

    /** Waits for the lock. Returns false if the file system has no locks. */
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

    /**
     * Forces the rename to disk, so that it survives a loss of power. Some systems cannot open directories; there the
     * rename reaches the disk later.
     */
    private static void forceName(Path target) {
        try (FileChannel directory = FileChannel.open(target.getParent(), StandardOpenOption.READ)) {
            directory.force(true);
        } catch (IOException e) {
            // The file has been renamed; only the time at which this reaches the disk is unknown.
        }
    }

    private static void deleteQuietly(Path temporary) {
        try {
            Files.deleteIfExists(temporary);
        } catch (IOException e) {
            // The write has succeeded, or its exception is more important than this one.
        }
    }

    /**
     * Returns an exception that explains a failed file operation: {@code cannot read x: there is no such file or
     * directory}.
     */
    public static StriateException failure(String what, Path file, IOException e) {
        // The messages of the last two exceptions are only the file's name.
        String reason = isInterrupt(e)
                ? "the thread was interrupted"
                : e instanceof NoSuchFileException
                        ? "there is no such file or directory"
                        : e instanceof AccessDeniedException ? "access denied" : e.getMessage();
        return new StriateException(what + " " + file + ": " + reason, e);
    }

    /**
     * Returns whether a channel failed because this thread was interrupted, which closes channels and leaves the
     * interrupt flag set.
     */
    public static boolean isInterrupt(IOException e) {
        return (e instanceof ClosedChannelException || e instanceof FileLockInterruptionException)
                && Thread.currentThread().isInterrupted();
    }
}
