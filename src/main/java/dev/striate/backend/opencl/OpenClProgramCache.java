package dev.striate.backend.opencl;

import dev.striate.DeviceInfo;
import dev.striate.StriateException;
import dev.striate.disk.AtomicFile;
import dev.striate.disk.RegularFile;
import dev.striate.disk.UserCache;
import java.io.File;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Compiled programs on disk, so that a process starts with what an earlier one compiled. A file that cannot be read or
 * written is as good as none: the cache never fails. Each file begins with its content's digest, because a driver may
 * crash on a damaged binary rather than refuse it. Where they take more room than they may, those that nobody used for
 * the longest time go.
 *
 * <p>The system property {@code striate.opencl.cache} names its directory, or {@code off}; otherwise it is {@code
 * opencl} in {@link UserCache}.
 */
final class OpenClProgramCache {

    static final String PROPERTY = "striate.opencl.cache";

    private static final Logger LOGGER = System.getLogger(OpenClProgramCache.class.getName());
    private static final int DIGEST_BYTES = 32;
    /** A program has tens to hundreds of kilobytes, a network some thirty programs. */
    private static final long MOST_BYTES = 256L << 20;

    private final @Nullable Path directory;
    private final long mostBytes;

    /** @param directory where the files are, or null to keep none */
    OpenClProgramCache(@Nullable Path directory) {
        this(directory, MOST_BYTES);
    }

    /** @param mostBytes what all files together may take */
    OpenClProgramCache(@Nullable Path directory, long mostBytes) {
        this.directory = directory;
        this.mostBytes = mostBytes;
    }

    /**
     * The cache that the system property and the environment ask for. PoCL gets one only if the property names its
     * directory.
     */
    static OpenClProgramCache ofUser(DeviceInfo device) {
        String property = System.getProperty(PROPERTY);
        if (property == null) {
            // PoCL compiles every kernel of a program a second time for its binary, and keeps compiled kernels itself.
            boolean cached = !device.platform().startsWith("Portable Computing Language");
            return new OpenClProgramCache(cached ? UserCache.directory().resolve("opencl") : null);
        }
        return new OpenClProgramCache(property.equals("off") ? null : Path.of(property));
    }

    /** The key of a program: all that its binary depends on. */
    static String key(String... parts) {
        return HexFormat.of().formatHex(digest(String.join("\0", parts).getBytes(StandardCharsets.UTF_8)));
    }

    private static byte[] digest(byte[]... parts) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (byte[] part : parts) {
                digest.update(part);
            }
            return digest.digest();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }

    /**
     * Includes the key, because a program under the key of another may have kernels of the same names and other
     * constants.
     */
    private static byte[] fileDigest(String key, byte[] binary) {
        return digest(key.getBytes(StandardCharsets.UTF_8), binary);
    }

    /** Whether it keeps anything. */
    boolean isOn() {
        return directory != null;
    }

    byte @Nullable [] load(String key) {
        if (directory == null) {
            return null;
        }
        Path path = directory.resolve(key);
        byte[] file;
        try {
            file = Files.readAllBytes(RegularFile.require(path));
        } catch (IOException e) {
            return null;
        }
        int start = Math.min(DIGEST_BYTES, file.length);
        byte[] binary = Arrays.copyOfRange(file, start, file.length);
        if (!Arrays.equals(fileDigest(key, binary), Arrays.copyOf(file, start))) {
            return null;
        }
        noteUse(path);
        return binary;
    }

    private static void noteUse(Path path) {
        try {
            Files.setLastModifiedTime(path, FileTime.from(Instant.now()));
        } catch (IOException e) {
            // It is taken for older than it is.
        }
    }

    void store(String key, byte[] binary) {
        if (directory == null) {
            return;
        }
        try {
            Files.createDirectories(directory);
            AtomicFile.write(
                    directory.resolve(key),
                    ByteBuffer.allocate(DIGEST_BYTES + binary.length)
                            .put(fileDigest(key, binary))
                            .put(binary)
                            .array());
            removeOldest(directory, key);
        } catch (IOException | StriateException e) {
            // It costs time in the next process and nothing else.
            LOGGER.log(
                    Level.DEBUG,
                    "the cache of OpenCL programs in {0} cannot be written: {1}",
                    directory,
                    e.getMessage());
        }
    }

    /** Keeps to the bound; other processes may be doing the same. */
    private void removeOldest(Path in, String newest) {
        // Nothing but what has a key for a name is ours to remove.
        File[] programs = in.toFile().listFiles((parent, name) -> name.matches("[0-9a-f]{64}"));
        if (programs == null) {
            return;
        }
        long bytes = 0;
        Map<File, Long> used = new HashMap<>();
        for (File program : programs) {
            bytes += program.length();
            used.put(program, program.lastModified());
        }
        Arrays.sort(programs, Comparator.comparing(used::get));
        for (File program : programs) {
            if (bytes > mostBytes && !program.getName().equals(newest)) {
                bytes -= program.length();
                program.delete();
            }
        }
    }
}
