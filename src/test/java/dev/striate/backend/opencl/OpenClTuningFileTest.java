package dev.striate.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.DeviceInfo;
import dev.striate.StriateException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a search has found, on disk. */
class OpenClTuningFileTest {

    private static final Map<OpenClParameter, Integer> FOUND = Map.of(
            OpenClParameter.ELEMENTS_GROUP, 256,
            OpenClParameter.LINEAR_TILE, 64,
            OpenClParameter.LINEAR_TILE_K, 32,
            OpenClParameter.LINEAR_BLOCK_ROWS, 8);

    @TempDir
    Path directory;

    private OpenClTuningFile file;

    @BeforeEach
    void open() {
        file = OpenClTuningFile.in(directory, OpenClDevice.require(), KernelShape.VECTOR);
    }

    @Test
    void whatWasFoundIsReadAgain() {
        assertEquals(OpenClTuningFile.Content.none(null), file.load());
        file.store(FOUND);
        assertEquals(new OpenClTuningFile.Content(FOUND, null), file.load());
    }

    @Test
    void aFamilyAloneIsKept() {
        file.store(Map.of(OpenClParameter.ELEMENTS_GROUP, 16));
        assertEquals(Map.of(OpenClParameter.ELEMENTS_GROUP, 16), file.load().values());
    }

    @Test
    void aDamagedFileIsNotUsed() throws IOException {
        file.store(FOUND);
        byte[] whole = Files.readAllBytes(file.path());
        byte[] flipped = whole.clone();
        flipped[whole.length / 2] ^= 1;
        byte[] text = "GROUP=256\n".getBytes(StandardCharsets.UTF_8);
        for (byte[] damaged : List.of(
                new byte[0],
                text,
                Arrays.copyOf(whole, whole.length / 2),
                flipped,
                Arrays.copyOf(whole, whole.length - 1))) {
            Files.write(file.path(), damaged);
            assertEquals(OpenClTuningFile.Content.none("it is damaged"), file.load());
        }
        file.store(FOUND);
        assertEquals(FOUND, file.load().values());
    }

    @Test
    void linesThatAreNotUnderstoodAreNamed() throws IOException {
        file.store(FOUND);
        List<String> header = Files.readAllLines(file.path()).subList(0, 2);
        for (String line : List.of(
                "matmul",
                "matmul ",
                "matmul 0123",
                "nonsense 0123 GROUP=256",
                "MATMUL 0123 GROUP=256",
                " ",
                "Conv2d")) {
            writeWithDigest(String.join("\n", header) + "\n" + line + "\n");
            assertEquals(Map.of(), file.load().values(), line);
            assertTrue(
                    file.load().problem().contains("got the line \"" + line + "\""),
                    file.load().problem());
        }
        writeWithDigest(String.join("\n", header));
        assertEquals(OpenClTuningFile.Content.none(null), file.load());
        for (String text : List.of("", "\n", "\n\n", "striate tuning 2\n")) {
            writeWithDigest(text);
            assertEquals(
                    "it was written by another version of this program",
                    file.load().problem());
        }
        writeWithDigest(header.get(0) + "\n");
        assertEquals("it was made for another device or driver", file.load().problem());
    }

    @Test
    void anotherDevicesFileIsNotUsed() throws IOException {
        OpenClDevices.Entry device = OpenClDevice.require();
        DeviceInfo info = device.info();
        OpenClDevices.Entry other = new OpenClDevices.Entry(
                device.platform(),
                device.id(),
                device.type(),
                new DeviceInfo(
                        info.kind(),
                        1,
                        "Other",
                        info.platform(),
                        info.driver(),
                        info.type(),
                        info.memoryBytes(),
                        info.detail()));
        OpenClTuningFile foreign = OpenClTuningFile.in(directory, other, KernelShape.VECTOR);
        foreign.store(FOUND);
        assertEquals(OpenClTuningFile.Content.none(null), file.load());
        Files.move(foreign.path(), file.path());
        assertEquals(OpenClTuningFile.Content.none("it was made for another device or driver"), file.load());
    }

    @Test
    void whatWasFoundWithOtherKernelsIsNotUsed() throws IOException {
        file.store(FOUND);
        rewrite(OpenClFamily.ELEMENTS.sourceKey(), "0123456789abcdef");
        OpenClTuningFile.Content content = file.load();
        assertEquals("the kernels of elements have changed since", content.problem());
        assertEquals(
                Map.of(
                        OpenClParameter.LINEAR_TILE, 64,
                        OpenClParameter.LINEAR_TILE_K, 32,
                        OpenClParameter.LINEAR_BLOCK_ROWS, 8),
                content.values());
    }

    @Test
    void whatTheDeviceCannotHaveIsNotUsed() throws IOException {
        for (String change : List.of("GROUP=5", "GROUPS=256", "")) {
            file.store(FOUND);
            rewrite("GROUP=256", change);
            assertTrue(file.load().values().isEmpty(), change);
            assertTrue(file.load().problem() != null, change);
        }
    }

    /** With the digest of the text that results. */
    private void rewrite(String from, String to) throws IOException {
        writeWithDigest(
                Files.readString(file.path()).replaceFirst("sha256 .*\n", "").replace(from, to));
    }

    private void writeWithDigest(String text) throws IOException {
        Files.writeString(file.path(), text + "sha256 " + OpenClProgramCache.key(text) + "\n");
    }

    @Test
    void shapesHaveFilesOfTheirOwn() {
        file.store(FOUND);
        OpenClTuningFile tiled = OpenClTuningFile.in(directory, OpenClDevice.require(), KernelShape.TILED);
        assertTrue(tiled.load().values().isEmpty());
    }

    @Test
    void withoutADirectoryNothingIsKept() {
        OpenClTuningFile none = OpenClTuningFile.in(null, OpenClDevice.require(), KernelShape.VECTOR);
        none.store(FOUND);
        assertNull(none.path());
        assertEquals(OpenClTuningFile.Content.none(null), none.load());
    }

    @Test
    void aDirectoryThatCannotBeMadeIsAnError() throws IOException {
        Path taken = Files.createFile(directory.resolve("file"));
        OpenClTuningFile within =
                OpenClTuningFile.in(taken.resolve("tuning"), OpenClDevice.require(), KernelShape.VECTOR);
        StriateException error = assertThrows(StriateException.class, () -> within.store(FOUND));
        assertTrue(error.getMessage().contains(taken.toString()), error.getMessage());
    }

    @Test
    void tilesMustFitTheDevice() {
        Map<OpenClParameter, Integer> values = OpenClParameters.initial(KernelShape.TILED);
        assertTrue(OpenClFamily.MATMUL.fits(KernelShape.TILED, values, new OpenClFamily.Limits(256, 16 * 2 * 132 * 4)));
        assertTrue(!OpenClFamily.MATMUL.fits(KernelShape.TILED, values, new OpenClFamily.Limits(255, 1 << 20)));
        assertTrue(!OpenClFamily.CONV2D.fits(
                KernelShape.TILED, values, new OpenClFamily.Limits(256, 16 * 2 * 132 * 4 - 1)));
        assertTrue(!OpenClFamily.ELEMENTS.fits(KernelShape.TILED, values, new OpenClFamily.Limits(32, 1 << 20)));
        values.put(OpenClParameter.MATMUL_LARGE_TILE, 32);
        assertTrue(OpenClFamily.MATMUL.fits(KernelShape.TILED, values, new OpenClFamily.Limits(1024, 1 << 20)));
        values.put(OpenClParameter.MATMUL_SMALL_TILE, 64);
        assertTrue(!OpenClFamily.MATMUL.fits(KernelShape.TILED, values, new OpenClFamily.Limits(1024, 1 << 20)));
    }
}
