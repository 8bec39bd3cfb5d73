package dev.striate.backend.opencl;

import dev.striate.DeviceException;
import dev.striate.StriateException;
import dev.striate.disk.AtomicFile;
import dev.striate.disk.UserCache;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jocl.CLException;
import org.jocl.LibUtils;

/**
 * JOCL's native library, which is unpacked into the user's cache and loaded from there.
 *
 * <p>Left alone, JOCL loads any file with the library's name in {@code java.io.tmpdir}, even one that is truncated or
 * that another user put there. It reads that property whenever it loads, so the property names a private directory
 * while JOCL is initialised.
 */
final class JoclLibrary {

    /** The release is part of the name; JOCL's classes do not reveal it. */
    private static final String NAME = "JOCL_2_0_6";

    private static final String TEMPORARY = "java.io.tmpdir";
    private static final Set<PosixFilePermission> PRIVATE = PosixFilePermissions.fromString("rwx------");

    /** An interned string, because all class loaders of a JVM share the system property. */
    private static final Object JVM_LOCK = (JoclLibrary.class.getName() + ".lock").intern();

    /** Set in a JVM once a class loader uses the file in the cache, to its directory. */
    private static final String CACHED = JoclLibrary.class.getName() + ".cached";

    /** The line of a stack trace that has a throwable's message. */
    private static final Pattern MESSAGE = Pattern.compile("(?m)^[\\w.]+(?:Error|Exception): (.+)$");

    private final String file;
    private final byte[] content;

    private JoclLibrary(String file, byte[] content) {
        this.file = file;
        this.content = content;
    }

    /**
     * The library for this platform.
     *
     * @throws DeviceException if JOCL has none
     */
    static JoclLibrary ofPlatform() {
        String file = null;
        try {
            file = LibUtils.createLibraryFileName(LibUtils.createPlatformLibraryName(NAME));
        } catch (CLException e) {
            // JOCL does not know the operating system.
        }
        try (InputStream in = file == null ? null : LibUtils.class.getResourceAsStream("/lib/" + file)) {
            if (file == null || in == null) {
                throw new DeviceException("JOCL has no native library for " + System.getProperty("os.name") + " on "
                        + System.getProperty("os.arch")
                        + ". Release 2.0.6, which is needed, supports Linux and macOS on x86-64"
                        + " and ARM64, and Windows on x86-64");
            }
            return new JoclLibrary(file, in.readAllBytes());
        } catch (IOException e) {
            throw new DeviceException("cannot read " + file + " in JOCL's jar: " + e.getMessage(), e);
        }
    }

    /**
     * Unpacks the library and initialises JOCL, which loads it and then the OpenCL library.
     *
     * @throws DeviceException if the library cannot be unpacked or loaded; the message has the cause
     * @throws LinkageError    if the OpenCL library cannot be loaded
     */
    void load() {
        synchronized (JVM_LOCK) {
            String temporary = System.getProperty(TEMPORARY);
            Path directory = unpack(UserCache.directory().resolve("jocl"), Path.of(temporary));
            try {
                // In Java 17 File.createTempFile keeps the value that the property has at its first use.
                initialize("java.io.File$TempDirectory");
                System.setProperty(TEMPORARY, directory.toString());
                initialize("org.jocl.CL");
            } catch (UnsatisfiedLinkError e) {
                String message = String.valueOf(e.getMessage());
                if (message.contains(NAME)) {
                    throw new DeviceException(failure(directory.resolve(file), message), e);
                }
                throw e;
            } finally {
                System.setProperty(TEMPORARY, temporary);
                if (!directory.equals(Path.of(System.getProperty(CACHED, "")))) {
                    delete(directory);
                }
            }
        }
    }

    /**
     * Chooses a directory and puts the library there: into the cache for the first class loader that asks, because a
     * JVM loads a file for one class loader only, and into a new directory for others or where the cache cannot be
     * used. There is no second choice after loading has failed, because JOCL's class cannot be initialised again.
     */
    private Path unpack(Path cache, Path temporary) {
        Set<String> failures = new LinkedHashSet<>();
        for (int attempt = System.getProperty(CACHED) == null ? 0 : 1; attempt < 3; attempt++) {
            Path parent = attempt < 2 ? cache : temporary;
            Path directory = cache;
            try {
                if (attempt < 2) {
                    makePrivate(cache);
                }
                requireExecutable(parent);
                if (attempt == 0) {
                    unpack(cache);
                    System.setProperty(CACHED, cache.toString());
                } else {
                    directory = Files.createTempDirectory(parent, "jocl-");
                    unpack(directory);
                }
                return directory;
            } catch (IOException e) {
                failures.add(AtomicFile.failure("into", parent, e).getMessage());
                if (!directory.equals(cache)) {
                    delete(directory);
                }
            }
        }
        throw new DeviceException("cannot unpack JOCL's native library " + String.join("; ", failures)
                + ". The environment variable STRIATE_CACHE names another directory");
    }

    /** The cause, of JOCL's message with two stack traces: the attempt with the file comes last. */
    static String failure(Path library, String message) {
        String cause = message;
        for (Matcher matcher = MESSAGE.matcher(message); matcher.find(); ) {
            cause = matcher.group(1);
        }
        String advice = "";
        if (cause.contains("ld-linux") || cause.contains("symbol not found")) {
            advice = ". It needs the GNU C library (glibc), which Alpine Linux and other systems with musl do not have";
        } else if (cause.contains("libstdc++")) {
            advice = ". It needs the GNU C++ library; on Debian and Ubuntu: apt-get install libstdc++6";
        }
        return "cannot load JOCL's native library " + library + ": " + cause + advice;
    }

    private static void initialize(String name) {
        try {
            Class.forName(name, true, JoclLibrary.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new LinkageError("there is no class " + name, e);
        }
    }

    private static void requireExecutable(Path directory) throws IOException {
        Path mounts = Path.of("/proc/self/mounts");
        if (!Files.isReadable(mounts)) {
            return;
        }
        List<String> lines = new String(Files.readAllBytes(mounts), StandardCharsets.UTF_8)
                .lines()
                .toList();
        if (isNoexec(directory.toRealPath(), lines)) {
            throw new IOException("its file system is mounted with noexec");
        }
    }

    /**
     * Whether Linux refuses to load a library from a directory.
     *
     * @param mounts lines of a device, a directory, a type and options; of two for one directory the later one counts
     */
    static boolean isNoexec(Path directory, List<String> mounts) {
        int longest = -1;
        boolean noexec = false;
        for (String line : mounts) {
            String[] fields = line.split(" ", -1);
            Path mounted;
            try {
                mounted = Path.of(fields[1].replace("\\040", " "));
            } catch (InvalidPathException e) {
                continue; // A name that the locale cannot express is not a parent of the directory.
            }
            if (directory.startsWith(mounted) && mounted.getNameCount() >= longest) {
                longest = mounted.getNameCount();
                noexec = List.of(fields[3].split(",")).contains("noexec");
            }
        }
        return noexec;
    }

    /** Makes a directory in which no other user can replace a file between the check and the loading. */
    private static void makePrivate(Path directory) throws IOException {
        Files.createDirectories(directory.getParent());
        boolean hasPermissions = hasPermissions(directory);
        try {
            Files.createDirectory(
                    directory,
                    hasPermissions
                            ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PRIVATE)}
                            : new FileAttribute<?>[0]);
        } catch (FileAlreadyExistsException e) {
            // It is checked below.
        }
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("it is not a directory");
        }
        if (!hasPermissions) {
            return;
        }
        Path own = Files.createTempFile(directory, "owner-", null);
        UserPrincipal me = Files.getOwner(own);
        Files.delete(own);
        if (!Files.getOwner(directory).equals(me)) {
            throw new IOException("it belongs to " + Files.getOwner(directory));
        }
        Files.setPosixFilePermissions(directory, PRIVATE);
        if (!Files.getPosixFilePermissions(directory).equals(PRIVATE)) {
            throw new IOException("other users may write to it");
        }
    }

    private static boolean hasPermissions(Path directory) {
        return directory.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    /**
     * Writes the file unless it is complete. A file of this user is replaced in one step, not deleted first: another
     * process may be about to load it.
     */
    private void unpack(Path directory) throws IOException {
        Path target = directory.resolve(file);
        if (!isOwn(target)) {
            Files.deleteIfExists(target);
        } else if (Files.size(target) == content.length && Arrays.equals(Files.readAllBytes(target), content)) {
            return;
        }
        try {
            AtomicFile.write(target, content);
        } catch (StriateException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /** Whether it is a file of the directory's owner. */
    private static boolean isOwn(Path target) throws IOException {
        return Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS)
                && (!hasPermissions(target) || Files.getOwner(target).equals(Files.getOwner(target.getParent())));
    }

    /** Deletes a copy: it stays loaded, except on Windows, which does not let it be deleted. */
    private void delete(Path directory) {
        new File(directory.toFile(), file).delete();
        directory.toFile().delete();
    }
}
