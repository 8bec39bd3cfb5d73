package dev.striate.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Cost;
import dev.striate.Shape;
import dev.striate.StriateException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Both data sets of CIFAR, which differ in the names of their files and in the labels before an image. */
class CifarTest {

    private static final List<String> FILES =
            List.of("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch");

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"", "cifar-10-batches-bin"})
    void binaryFilesAreReadInTheirOrder(String folder) throws IOException {
        writeFolder(directory.resolve(folder));
        check(Cifar10.read(directory));
    }

    /** In the official archive, too, the files are in no order. */
    @Test
    void binaryArchiveIsReadAsDownloaded() throws IOException {
        List<String> shuffled = new ArrayList<>(FILES);
        Collections.rotate(shuffled, 2);
        Tar tar = new Tar()
                .entry("cifar-10-batches-bin/", "", '5', new byte[0])
                .file("cifar-10-batches-bin/readme.html", new byte[99]);
        for (String file : shuffled) {
            tar.file("cifar-10-batches-bin/" + file + ".bin", records(FILES.indexOf(file), 1));
        }
        tar.writeTo(directory.resolve("cifar-10-binary.tar.gz"));
        check(Cifar10.read(directory));
    }

    @Test
    void fineAndCoarseLabelsAreTheirOwn() throws IOException {
        Path folder = Files.createDirectories(directory.resolve("cifar-100-binary"));
        Files.write(folder.resolve("train.bin"), records(0, 2));
        Files.write(folder.resolve("test.bin"), records(5, 2));
        Splits fine = Cifar100.read(directory);
        assertEquals(100, new HashSet<>(fine.train().classNames()).size());
        assertEquals(List.of(2, 5), List.of(fine.train().label(0), fine.test().label(0)));
        assertEquals("beaver", fine.train().classNames().get(4));
        Splits coarse = Cifar100.readCoarse(directory);
        assertEquals(20, new HashSet<>(coarse.train().classNames()).size());
        assertEquals(
                List.of(1, 4), List.of(coarse.train().label(0), coarse.test().label(0)));
        float[] image = new float[3072];
        coarse.train().read(1, image, 0);
        assertEquals((pixel(0, 1, 5) & 0xFF) / 255f, image[5]);
    }

    @Test
    void missingFilesAreNamed() throws IOException {
        assertEquals(
                "CIFAR-10: there is neither cifar-10-binary.tar.gz nor cifar-10-python.tar.gz in " + directory
                        + ", nor are their files (test_batch.bin or test_batch) there or in its folders cifar-10-batches-bin and"
                        + " cifar-10-batches-py",
                refused());
        writeFolder(directory);
        Files.delete(directory.resolve("data_batch_4.bin"));
        assertTrue(refused().contains("data_batch_4.bin"), refused());
        new Tar()
                .file("cifar-10-batches-bin/test_batch.bin", records(5, 1))
                .file("cifar-10-batches-bin/data_batch_1.bin", records(0, 1))
                .writeTo(Files.createDirectory(directory.resolve("x")).resolve("cifar-10-binary.tar.gz"));
        assertTrue(assertThrows(StriateException.class, () -> Cifar10.read(directory.resolve("x")))
                .getMessage()
                .endsWith("lacks [cifar-10-batches-bin/data_batch_2.bin, cifar-10-batches-bin/data_batch_3.bin,"
                        + " cifar-10-batches-bin/data_batch_4.bin, cifar-10-batches-bin/data_batch_5.bin]"));
        Path python = Files.createDirectory(directory.resolve("y")).resolve("cifar-10-python.tar.gz");
        new Tar().writeTo(python);
        assertEquals(
                "CIFAR-10: " + python + " lacks [cifar-10-batches-py/data_batch_1, cifar-10-batches-py/data_batch_2,"
                        + " cifar-10-batches-py/data_batch_3, cifar-10-batches-py/data_batch_4, cifar-10-batches-py/data_batch_5]",
                assertThrows(StriateException.class, () -> Cifar10.read(directory.resolve("y")))
                        .getMessage());
    }

    @Test
    @Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no mkfifo")
    void pipesAreRefused() throws IOException, InterruptedException {
        writeFolder(directory);
        Path pipe = directory.resolve("data_batch_1.bin");
        Files.delete(pipe);
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        assertTrue(
                refused().contains("cannot read " + pipe) && refused().endsWith("it is not a regular file"), refused());
    }

    @Test
    void filesThatAreNoRowOfRecordsAreRefused() throws IOException {
        writeFolder(directory);
        Path file = directory.resolve("data_batch_2.bin");
        Files.write(file, Arrays.copyOf(records(1, 1), 2 * 3073 - 1));
        assertEquals(
                file + ", byte 3073: the last record has 3072 bytes, expected 3073; the file is truncated or has bytes"
                        + " that do not belong to it",
                refused());
        Files.write(file, Arrays.copyOf(records(1, 1), 3073));
        assertEquals(file + ", byte 0: the file has 1 images, but there are 2 in [data_batch_1]", refused());
        Files.write(directory.resolve("data_batch_1.bin"), new byte[0]);
        assertTrue(refused().contains("data_batch_1.bin, byte 0: the file has no images"), refused());
    }

    @Test
    void labelsAreChecked() throws IOException {
        writeFolder(directory);
        byte[] wrong = records(2, 1);
        wrong[3073] = 10;
        Files.write(directory.resolve("data_batch_3.bin"), wrong);
        assertEquals(directory.resolve("data_batch_3.bin") + ", byte 3073: a label is 10, expected 0 .. 9", refused());
        Tar tar = new Tar();
        for (String file : FILES) {
            tar.file("cifar-10-batches-bin/" + file + ".bin", file.equals("data_batch_3") ? wrong : records(0, 1));
        }
        Path archive = Files.createDirectory(directory.resolve("x")).resolve("cifar-10-binary.tar.gz");
        tar.writeTo(archive);
        assertEquals(
                archive + "!/cifar-10-batches-bin/data_batch_3.bin, byte 3073: a label is 10, expected 0 .. 9",
                assertThrows(StriateException.class, () -> Cifar10.read(directory.resolve("x")))
                        .getMessage());
    }

    /** An entry that claims 20,000 images, nearly as many as a small archive may have, and has none of them. */
    @ParameterizedTest
    @ValueSource(strings = {"bin/data_batch_1.bin", "py/data_batch_1"})
    void claimsOfAnArchiveTakeNoMemory(String name) throws IOException {
        int claim = 20_000 * 3073;
        byte[] pickle = ("\u0080\2}T" + (char) (claim & 0xFF) + (char) (claim >> 8 & 0xFF) + (char) (claim >> 16 & 0xFF)
                        + (char) (claim >> 24))
                .getBytes(StandardCharsets.ISO_8859_1);
        byte[] content = Arrays.copyOf(name.startsWith("py") ? pickle : new byte[0], 1000);
        byte[] noise = new byte[2000];
        new Random(1).nextBytes(noise);
        byte[] packed = Tar.packed(new Tar().claim("cifar-10-batches-" + name, claim + 1000, content));
        Files.write(
                directory.resolve("cifar-10-binary.tar.gz"),
                ByteBuffer.allocate(packed.length + noise.length)
                        .put(packed)
                        .put(noise)
                        .array());
        long allocated = Cost.bytes(() -> {
            String message = refused();
            assertTrue(
                    message.contains(directory + "/cifar-10-binary.tar.gz!/cifar-10-batches-" + name + ", byte "),
                    message);
        });
        assertTrue(allocated < 10_000_000, allocated + " bytes");
    }

    private String refused() {
        return assertThrows(StriateException.class, () -> Cifar10.read(directory))
                .getMessage();
    }

    private static void writeFolder(Path folder) throws IOException {
        Files.createDirectories(folder);
        for (int i = 0; i < FILES.size(); i++) {
            Files.write(folder.resolve(FILES.get(i) + ".bin"), records(i, 1));
        }
    }

    /** Two records; the labels of file f are f and f + 4 modulo 10, and with two labels the second is one more. */
    private static byte[] records(int file, int labels) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < 2; i++) {
            int label = (file + 4 * i) % 10;
            out.write(labels == 1 ? label : label + (file == 0 ? 1 : -1));
            if (labels == 2) {
                out.write(label + (file == 0 ? 2 : 0));
            }
            for (int k = 0; k < 3072; k++) {
                out.write(pixel(file, i, k));
            }
        }
        return out.toByteArray();
    }

    static byte pixel(int file, int image, int place) {
        return (byte) (file * 91 + image * 53 + place * 7);
    }

    static void check(Splits splits) {
        assertEquals(Shape.of(3, 32, 32), splits.train().imageShape());
        assertEquals(10, splits.train().size());
        assertEquals(2, splits.test().size());
        assertEquals("truck", splits.train().classNames().get(9));
        float[] image = new float[3072];
        for (int n = 0; n < 12; n++) {
            Dataset part = n < 10 ? splits.train() : splits.test();
            assertEquals((n / 2 + 4 * (n % 2)) % 10, part.label(n % 10));
            part.read(n % 10, image, 0);
            for (int k = 0; k < 3072; k++) {
                assertEquals((pixel(n / 2, n % 2, k) & 0xFF) / 255f, image[k]);
            }
        }
    }
}
