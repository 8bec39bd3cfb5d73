package dev.striate.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.DeviceInfo;
import dev.striate.JavaProcess;
import dev.striate.backend.Buffer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
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
        Object inode = Files.readAttributes(file, BasicFileAttributes.class).fileKey();
        assertTrue(file.toFile().setLastModified(1_000_000));
        fill(new OpenClProgramCache(directory));
        // A second build would have put another file in its place.
        assertEquals(
                inode,
                Files.readAttributes(onlyFile(), BasicFileAttributes.class).fileKey());
        assertTrue(file.toFile().lastModified() > 1_000_000, "the use is noted");
    }

    @Test
    void anotherDriverGetsABinaryOfItsOwn() throws IOException {
        OpenClProgramCache cache = new OpenClProgramCache(directory);
        OpenClDevices.Entry device = OpenClDevice.require();
        DeviceInfo info = device.info();
        DeviceInfo updated = new DeviceInfo(
                info.kind(),
                info.ordinal(),
                info.name(),
                info.platform(),
                info.driver() + ".1",
                info.type(),
                info.memoryBytes(),
                info.detail());
        fill(device, cache);
        fill(new OpenClDevices.Entry(device.platform(), device.id(), device.type(), updated), cache);
        assertEquals(2, files().size());
    }

    @Test
    void aProgramUnderAnotherKeyIsIgnored() throws IOException {
        OpenClProgramCache cache = new OpenClProgramCache(directory);
        String key = OpenClProgramCache.key("a");
        cache.store(key, new byte[] {1, 2, 3});
        Files.move(directory.resolve(key), directory.resolve(OpenClProgramCache.key("b")));
        assertNull(cache.load(OpenClProgramCache.key("b")));
    }

    @Test
    void whatWasNotUsedForTheLongestTimeMakesRoom() throws IOException {
        OpenClProgramCache cache = new OpenClProgramCache(directory, 350);
        Path foreign = Files.write(directory.resolve("notes.txt"), new byte[1000]);
        List<String> keys =
                Stream.of("a", "b", "c").map(OpenClProgramCache::key).toList();
        for (int i = 0; i < keys.size(); i++) {
            cache.store(keys.get(i), new byte[] {(byte) i, 1, 2});
            assertTrue(directory.resolve(keys.get(i)).toFile().setLastModified(1_000_000L * (i + 1)));
        }
        assertNotNull(cache.load(keys.get(0)), "all have room; this one was used last");
        cache.store(OpenClProgramCache.key("d"), new byte[250]);
        assertNull(cache.load(keys.get(1)));
        assertNull(cache.load(keys.get(2)));
        assertNotNull(cache.load(keys.get(0)));
        assertNotNull(cache.load(OpenClProgramCache.key("d")));
        cache.store(OpenClProgramCache.key("e"), new byte[10_000]);
        assertEquals(Set.of(foreign, directory.resolve(OpenClProgramCache.key("e"))), Set.copyOf(files()));
    }

    @Test
    void twoProcessesAtOnceShareADirectory() throws IOException, InterruptedException {
        OpenClDevice.require();
        try (JavaProcess one = JavaProcess.start(Fill.class, directory.toString());
                JavaProcess other = JavaProcess.start(Fill.class, directory.toString())) {
            one.awaitLine("ready");
            other.awaitLine("ready");
            one.sendLine("go");
            other.sendLine("go");
            assertEquals(0, one.awaitStatus());
            assertEquals(0, other.awaitStatus());
        }
        assertNotNull(
                new OpenClProgramCache(directory).load(onlyFile().getFileName().toString()));
    }

    /** Opens the device, says so, and builds when told. */
    static final class Fill {
        public static void main(String[] arguments) throws IOException {
            OpenClProgramCache cache = new OpenClProgramCache(Path.of(arguments[0]));
            OpenClDevices.probe();
            System.out.println("ready");
            System.in.read();
            for (int i = 0; i < 20; i++) {
                fill(cache);
            }
        }
    }

    private static DeviceInfo device(String platform) {
        return new DeviceInfo("gpu", 0, "name", platform, null, "type", 1, "detail");
    }

    @Test
    void thePropertyNamesTheDirectoryOrNone() {
        DeviceInfo pocl = device("Portable Computing Language, OpenCL 3.0 PoCL 3.1");
        DeviceInfo other = device("NVIDIA CUDA, OpenCL 3.0 CUDA");
        String before = System.setProperty(OpenClProgramCache.PROPERTY, directory.toString());
        try {
            OpenClProgramCache.ofUser(pocl).store("key", new byte[1]);
            assertTrue(Files.exists(directory.resolve("key")));
            System.setProperty(OpenClProgramCache.PROPERTY, "off");
            OpenClProgramCache.ofUser(other).store("other", new byte[1]);
            assertNull(OpenClProgramCache.ofUser(other).load("other"));
            System.clearProperty(OpenClProgramCache.PROPERTY);
            assertNull(OpenClProgramCache.ofUser(other).load("key"));
            assertTrue(OpenClProgramCache.ofUser(other).isOn());
            assertFalse(OpenClProgramCache.ofUser(pocl).isOn());
        } finally {
            if (before == null) {
                System.clearProperty(OpenClProgramCache.PROPERTY);
            } else {
                System.setProperty(OpenClProgramCache.PROPERTY, before);
            }
        }
    }

    @Test
    void aDamagedFileIsRebuilt() throws IOException {
        fill(new OpenClProgramCache(directory));
        byte[] whole = Files.readAllBytes(onlyFile());
        byte[] flipped = whole.clone();
        flipped[whole.length / 2] ^= 1;
        for (byte[] damaged :
                List.of(new byte[0], new byte[] {1, 2, 3}, Arrays.copyOf(whole, whole.length / 2), flipped)) {
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
        fill(OpenClDevice.require(), cache);
    }

    private static void fill(OpenClDevices.Entry device, OpenClProgramCache cache) {
        try (OpenClBackend backend = new OpenClBackend(
                new OpenClRuntime(device, KernelShape.VECTOR, cache, OpenClRuntime.Limits.of(device)))) {
            Buffer buffer = backend.allocate(3);
            backend.kernels().copy().fill(2, buffer);
            float[] values = new float[3];
            backend.read(buffer, values, 0);
            assertArrayEquals(new float[] {2, 2, 2}, values);
            backend.release(buffer);
        }
    }

    private Path onlyFile() throws IOException {
        List<Path> found = files();
        assertEquals(1, found.size(), found::toString);
        return found.get(0);
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }
}
