package dev.striate.backend.opencl;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Compiled programs on disk, so that a process starts with what an earlier one compiled. A file that cannot be read or written is
 * as good as none: the cache never fails. Each file begins with its content's digest, because a driver may crash on a damaged
 * binary rather than refuse it. The system property {@code striate.opencl.cache} names its directory, or {@code off};
 * otherwise it is {@code striate/opencl} in the user's cache directory.
 */
final class OpenClProgramCache {

    static final String PROPERTY = "striate.opencl.cache";

    private static final int DIGEST_BYTES = 32;

    private final @Nullable Path directory;

    /** @param directory where the files are, or null to keep none */
    OpenClProgramCache(@Nullable Path directory) {
        this.directory = directory;
    }

    /** The cache that the system property and the environment ask for. */
    static OpenClProgramCache ofUser() {
        String property = System.getProperty(PROPERTY);
        if (property != null) {
            return new OpenClProgramCache(property.equals("off") ? null : Path.of(property));
        }
        String cacheHome = System.getenv("XDG_CACHE_HOME");
        Path home = cacheHome == null || cacheHome.isEmpty()
                ? Path.of(System.getProperty("user.home"), ".cache")
                : Path.of(cacheHome);
        return new OpenClProgramCache(home.resolve("striate").resolve("opencl"));
    }

    /** The key of a program: all that its binary depends on. */
    static String key(String... parts) {
        return HexFormat.of().formatHex(digest(String.join("\0", parts).getBytes(StandardCharsets.UTF_8)));
    }

    private static byte[] digest(byte[] content) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(content);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }

    byte @Nullable [] load(String key) {
        if (directory == null) {
            return null;
        }
        try {
            byte[] file = Files.readAllBytes(directory.resolve(key));
            int start = Math.min(DIGEST_BYTES, file.length);
            byte[] binary = Arrays.copyOfRange(file, start, file.length);
            return Arrays.equals(digest(binary), Arrays.copyOf(file, start)) ? binary : null;
        } catch (IOException e) {
            return null;
        }
    }

    /** Writes beside and renames, so that no other process ever reads half a file. */
    void store(String key, byte[] binary) {
        if (directory == null) {
            return;
        }
        try {
            Files.createDirectories(directory);
            Path temporary = Files.createTempFile(directory, key, ".tmp");
            try {
                try (OutputStream out = Files.newOutputStream(temporary)) {
                    out.write(digest(binary));
                    out.write(binary);
                }
                Files.move(
                        temporary, directory.resolve(key), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            // A cache that cannot be written costs time in the next process and nothing else.
        }
    }
}
