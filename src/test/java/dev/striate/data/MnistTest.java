package dev.striate.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Shape;
import dev.striate.StriateException;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MnistTest {

    private static final String TRAIN_IMAGES = "train-images-idx3-ubyte";
    private static final String TRAIN_LABELS = "train-labels-idx1-ubyte";

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({"'',''", "'',.gz", "MNIST/raw,''", "MNIST/raw,.gz", "raw,.gz"})
    void filesAreFoundWhereTheyUseToBe(String folder, String ending) throws IOException {
        writeAll(directory.resolve(folder), ending);
        Splits splits = Mnist.read(directory);
        assertEquals(Shape.of(1, 28, 28), splits.train().imageShape());
        assertEquals(3, splits.train().size());
        assertEquals(2, splits.test().size());
        assertEquals(10, splits.train().classes());
        assertEquals(
                List.of(7, 8, 9),
                List.of(
                        splits.train().label(0),
                        splits.train().label(1),
                        splits.train().label(2)));
        float[] image = new float[786];
        splits.train().read(1, image, 1);
        for (int i = 0; i < 784; i++) {
            assertEquals((pixel(784 + i) & 0xFF) / 255f, image[1 + i]);
        }
        assertEquals(0, image[0]);
        assertEquals(0, image[785]);
    }

    @Test
    void namesWithADotAreKnownToo() throws IOException {
        writeAll(directory, "");
        Files.move(directory.resolve(TRAIN_IMAGES), directory.resolve("train-images.idx3-ubyte"));
        assertEquals(3, Mnist.read(directory).train().size());
    }

    @Test
    void fashionIsReadFromItsOwnFolder() throws IOException {
        writeAll(directory.resolve("FashionMNIST/raw"), ".gz");
        assertEquals(
                "Ankle boot", FashionMnist.read(directory).test().classNames().get(9));
        String message = assertThrows(StriateException.class, () -> Mnist.read(directory))
                .getMessage();
        assertEquals(
                "MNIST: there is no train-images-idx3-ubyte nor train-images-idx3-ubyte.gz in " + directory
                        + ", its folder raw, or its folder MNIST/raw",
                message);
    }

    @Test
    void magicNumberIsChecked() throws IOException {
        writeAll(directory, "");
        Files.copy(directory.resolve(TRAIN_IMAGES), directory.resolve("x"));
        Files.delete(directory.resolve(TRAIN_LABELS));
        Files.move(directory.resolve("x"), directory.resolve(TRAIN_LABELS));
        assertEquals(
                directory.resolve(TRAIN_LABELS)
                        + ", byte 0: the magic number is 0x00000803, expected 0x00000801, an idx file of labels",
                refused());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 7, 15, 16, 17, 1000, 16 + 3 * 784 - 1})
    void truncatedFilesAreRefusedWithTheOffset(int length) throws IOException {
        writeAll(directory, "");
        Path file = directory.resolve(TRAIN_IMAGES);
        Files.write(file, Arrays.copyOf(Files.readAllBytes(file), length));
        assertTrue(refused().startsWith(file + ", byte "), refused());
        assertTrue(length >= 16 || refused().startsWith(file + ", byte " + length + ": the file ends here"), refused());
    }

    @Test
    void truncatedPackedFilesAreRefused() throws IOException {
        writeAll(directory, ".gz");
        Path file = directory.resolve(TRAIN_IMAGES + ".gz");
        byte[] whole = Files.readAllBytes(file);
        for (int length = 0; length < whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertTrue(
                    refused().contains(file.toString()) && refused().contains("truncated"), length + ": " + refused());
        }
    }

    @Test
    void corruptPackedFilesAreRefused() throws IOException {
        writeAll(directory, ".gz");
        Path file = directory.resolve(TRAIN_IMAGES + ".gz");
        byte[] whole = Files.readAllBytes(file);
        whole[whole.length - 6] ^= 1;
        Files.write(file, whole);
        assertTrue(refused().startsWith(file + " (unpacked), byte 2368: "), refused());
        whole[whole.length - 6] ^= 1;
        whole[0] = 0;
        Files.write(file, whole);
        assertTrue(refused().contains(file.toString()), refused());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".gz"})
    void bytesAtTheEndAreRefused(String ending) throws IOException {
        writeAll(directory, ending);
        write(directory.resolve(TRAIN_LABELS + ending), idx(0x801, 3, new byte[] {7, 8, 9, 0}));
        assertTrue(refused().endsWith("byte 11: expected the end of the file, but there is more"), refused());
    }

    @Test
    void labelsAreChecked() throws IOException {
        writeAll(directory, "");
        write(directory.resolve(TRAIN_LABELS), idx(0x801, 3, new byte[] {7, 10, 9}));
        assertEquals(
                directory.resolve(TRAIN_LABELS) + ", byte 9: the label of image 1 is 10, expected 0 .. 9", refused());
        write(directory.resolve(TRAIN_LABELS), idx(0x801, 2, new byte[] {7, 1}));
        assertTrue(refused().contains("byte 4: there are 2 labels, but 3 images in"), refused());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE, 4, 1 << 30})
    void absurdCountsTakeNoMemory(int count) throws IOException {
        writeAll(directory, "");
        Path file = directory.resolve(TRAIN_IMAGES);
        byte[] bytes = Files.readAllBytes(file);
        bytes[4] = (byte) (count >>> 24);
        bytes[5] = (byte) (count >>> 16);
        bytes[6] = (byte) (count >>> 8);
        bytes[7] = (byte) count;
        Files.write(file, bytes);
        assertTrue(
                refused()
                        .startsWith(
                                file + ", byte 4: the header claims " + Integer.toUnsignedString(count) + " images"),
                refused());
        Files.delete(file);
        write(directory.resolve(TRAIN_IMAGES + ".gz"), bytes);
        assertTrue(refused().contains("byte"), refused());
    }

    @Test
    void imagesOfAnotherSizeAreRefused() throws IOException {
        writeAll(directory, "");
        Path file = directory.resolve(TRAIN_IMAGES);
        byte[] bytes = Files.readAllBytes(file);
        bytes[15] = 27;
        Files.write(file, bytes);
        assertEquals(file + ", byte 12: the images have 27 columns, expected 28", refused());
    }

    private String refused() {
        return assertThrows(StriateException.class, () -> Mnist.read(directory)).getMessage();
    }

    /** Three images to train on, of the classes 7, 8, 9, and two to test on. */
    static void writeAll(Path folder, String ending) throws IOException {
        Files.createDirectories(folder);
        write(folder.resolve(TRAIN_IMAGES + ending), images(3));
        write(folder.resolve(TRAIN_LABELS + ending), idx(0x801, 3, new byte[] {7, 8, 9}));
        write(folder.resolve("t10k-images-idx3-ubyte" + ending), images(2));
        write(folder.resolve("t10k-labels-idx1-ubyte" + ending), idx(0x801, 2, new byte[] {0, 1}));
    }

    private static byte[] images(int count) throws IOException {
        ByteArrayOutputStream sizes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(sizes);
        out.writeInt(28);
        out.writeInt(28);
        for (int i = 0; i < count * 784; i++) {
            out.write(pixel(i));
        }
        return idx(0x803, count, sizes.toByteArray());
    }

    private static byte pixel(int i) {
        return (byte) (i * 37 >> 3);
    }

    private static byte[] idx(int magic, int count, byte[] rest) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(magic);
        out.writeInt(count);
        out.write(rest);
        return bytes.toByteArray();
    }

    private static void write(Path file, byte[] bytes) throws IOException {
        try (OutputStream out = file.toString().endsWith(".gz")
                ? new GZIPOutputStream(Files.newOutputStream(file))
                : Files.newOutputStream(file)) {
            out.write(bytes);
        }
    }
}
