package dev.striate.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.backend.Buffer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compiled programs on disk. */
class OpenClProgramCacheTest {

    @TempDir
    Path directory;

    @Test
    void aProgramIsStoredOnceAndUsedAgain() throws IOException {
        fill(new OpenClProgramCache(directory));
        Path file = onlyFile();
        byte[] first = Files.readAllBytes(file);
        // A second process's build would write the file anew.
        assertTrue(file.toFile().setLastModified(1_000_000));
        fill(new OpenClProgramCache(directory));
        assertEquals(1_000_000, Files.getLastModifiedTime(onlyFile()).toMillis());
        assertArrayEquals(first, Files.readAllBytes(onlyFile()));
    }

    @Test
    void aDamagedFileIsRebuilt() throws IOException {
        fill(new OpenClProgramCache(directory));
        byte[] whole = Files.readAllBytes(onlyFile());
        byte[] flipped = whole.clone();
        flipped[whole.length / 2] ^= 1;
        for (byte[] damaged : List.of(new byte[0], new byte[] {1, 2, 3}, Arrays.copyOf(whole, whole.length / 2), flipped)) {
            Files.write(onlyFile(), damaged);
            fill(new OpenClProgramCache(directory));
            assertFalse(Arrays.equals(damaged, Files.readAllBytes(onlyFile())));
        }
    }

    @Test
    void aBinaryThatTheDriverRefusesIsRebuilt() throws IOException {
        OpenClProgramCache cache = new OpenClProgramCache(directory);
        fill(cache);
        String key = onlyFile().getFileName().toString();
        byte[] built = cache.load(key);
        cache.store(key, new byte[] {1, 2, 3, 4});
        fill(cache);
        assertEquals(built.length, cache.load(key).length);
    }

    @Test
    void aDirectoryThatCannotBeMadeCostsNothing() throws IOException {
        Path file = Files.createFile(directory.resolve("file"));
        fill(new OpenClProgramCache(file));
        fill(new OpenClProgramCache(null));
        assertEquals(file, onlyFile());
    }

    @Test
    void whatIsNotThereIsNull() {
        assertNull(new OpenClProgramCache(directory).load("0"));
    }

    @Test
    void keysTellPartsApart() {
        assertFalse(OpenClProgramCache.key("ab", "c").equals(OpenClProgramCache.key("a", "bc")));
    }

    /** Builds one program and runs it. */
    private static void fill(OpenClProgramCache cache) {
        OpenClBackend backend = new OpenClBackend(OpenClDevice.runtime(cache));
        Buffer buffer = backend.allocate(3);
        backend.copy().fill(2, buffer);
        float[] values = new float[3];
        backend.read(buffer, values, 0);
        assertArrayEquals(new float[] {2, 2, 2}, values);
        backend.release(buffer);
    }

    private Path onlyFile() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            List<Path> found = files.toList();
            assertEquals(1, found.size());
            return found.get(0);
        }
    }
}
