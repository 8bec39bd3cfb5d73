package dev.striate.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Cost;
import dev.striate.StriateException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PickleTest {

    /**
     * Written by Python 3.12 and NumPy 2: {@code pickle.dumps({b'labels': [1], b'data': np.array([[7, 8]], np.uint8)},
     * 4)}.
     */
    private static final String PROTOCOL_4 =
            "800495a6000000000000007d942843066c6162656c73945d944b0161430464617461948c166e756d70792e5f636f72652e6d"
                    + "756c74696172726179948c0c5f7265636f6e7374727563749493948c056e756d7079948c076e6461727261799493944b0085"
                    + "944301629487945294284b014b014b02869468078c0564747970659493948c02753194898887945294284b038c017c944e4e"
                    + "4e4affffffff4affffffff4b00749462894302070894749462752e";

    /** The same as Python 2 writes it with protocol 2, the form of the published files. */
    private static final String PROTOCOL_2 = pickle2(List.of(1), 1, 2, false, new byte[] {7, 8});

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void dictionaryOfListsAndArraysIsRead(boolean newest) {
        Map<String, Object> read = read(newest ? PROTOCOL_4 : PROTOCOL_2);
        assertEquals(List.of(1), read.get("labels"));
        Pickle.Matrix data = (Pickle.Matrix) read.get("data");
        assertEquals(List.of(1, 2), List.of(data.rows(), data.columns()));
        assertArrayEquals(new byte[] {7, 8}, data.values());
    }

    @Test
    void columnsFirstAreTransposed() {
        Pickle.Matrix data = (Pickle.Matrix) read(pickle2(List.of(), 2, 3, true, new byte[] {1, 4, 2, 5, 3, 6}))
                .get("data");
        assertArrayEquals(new byte[] {1, 2, 3, 4, 5, 6}, data.values());
    }

    /** What {@code pickle.load} would run: {@code os.system("true")}, by each of the ways to name it. */
    @Test
    void nothingElseIsNamedOrMade() {
        String system = "the pickle names \"os system\"; only NumPy arrays are read, which name [numpy dtype, ";
        assertTrue(refused(hex("\u0080\2cos\nsystem\n(U\4truetR.")).contains("byte 13: " + system));
        assertTrue(refused(hex("\u0080\4\u008c\2os\u008c\6system\u0093(U\4truetR."))
                .contains(system));
        assertTrue(refused(hex("\u0080\2cnumpy\ndtype\n(U\2f4tR."))
                .contains("something other than an array of unsigned bytes"));
        assertTrue(refused(hex("\u0080\2cnumpy\nndarray\n)R.")).contains("something other than an array"));
        assertTrue(refused(hex("\u0080\2}(U\1aK\1tb.")).contains("builds something other than an array"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"i", "o", "\u0081", "\u0092", "P", "Q", "\u0082", "I1\n", "L1\n", "G", "S'a'\n", "0", "2"})
    void otherOperationsAreRefused(String operation) {
        assertTrue(refused(hex("\u0080\2" + operation + "."))
                .contains("byte 2: the pickle has opcode 0x" + Integer.toHexString(operation.charAt(0))));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                ".",
                "}u.",
                "(K\1u.",
                "}(K\1u.",
                "]K\1s.",
                "K\1e.",
                "}h\1.",
                "R.",
                "K\1K\1R.",
                "b.",
                "t.",
                "\u0087.",
                "q\1.",
                ")K\1a.",
                "K\1.",
                "}N.",
                "}(K\1K\2u."
            })
    void valuesThatDoNotFitAreRefused(String program) {
        assertTrue(refused(hex(program)).startsWith("p, byte "), program);
    }

    @Test
    void absurdLengthsTakeNoMemory() {
        assertTrue(refused(hex("T\u00ff\u00ff\u00ff\u007f"))
                .contains("byte 5: a string of 2147483647 bytes is announced"));
        assertTrue(refused(hex("T\u00ff\u00ff\u00ff\u00ff")).contains("a string of -1 bytes is announced"));
        String wrong = pickle2(List.of(1), 2, 2, false, new byte[] {7, 8});
        assertTrue(refused(wrong).contains("an array of 2 x 2 bytes has 2"), refused(wrong));
    }

    /** A value that is referred to often is not copied each time: the memory is a small multiple of the file's size. */
    @Test
    void referencesTakeNoMemory() {
        String text = string("x".repeat(1 << 18)) + "q\0";
        StringBuilder values =
                new StringBuilder("\u0080\2}(").append(string("a")).append(text);
        StringBuilder keys = new StringBuilder("\u0080\2}(").append(text).append("K\1");
        StringBuilder arrays = new StringBuilder("\u0080\2cnumpy.core.multiarray\n_reconstruct\nq\1cnumpy\nndarray\nq\2"
                        + "cnumpy\ndtype\nU\2u1\u0085Rq\3")
                .append(text)
                .append("J\0\0\4\0K\1\u0086q\5}(");
        for (int i = 0; i < 20_000; i++) {
            values.append(string("k" + i)).append("h\0");
            keys.append("h\0K\1");
            arrays.append(string("k" + i)).append("h\1h\2\u0085R(K\1h\5h\3\u0088h\0tb");
        }
        assertSmall(values.append("u.").toString(), null);
        assertSmall(keys.append("u.").toString(), "the pickle has a name of 262144 bytes, expected at most 200");
        assertSmall(arrays.append("u.").toString(), null);
    }

    /** Each takes a byte of the file and tens of memory. */
    @ParameterizedTest
    @ValueSource(strings = {"}", "]", "(", "N", "\u0094", ")"})
    void valuesAreBounded(String operation) {
        String program = "\u0080\2}" + operation.repeat(4_000_000);
        long allocated = Cost.bytes(() -> assertTrue(refused(program.getBytes(StandardCharsets.ISO_8859_1))
                .contains("the pickle has more than 2000000 values and memos")));
        assertTrue(allocated < 300_000_000, allocated + " bytes");
    }

    @Test
    void longNamesAreRefusedAndNotShown() {
        String name = "x".repeat(1 << 20);
        for (String program : List.of(
                "c" + name + "\nb\n.",
                "cos\n" + name + "\n.",
                string(name) + string("b") + "\u0093.",
                "}" + string(name) + "K\1s.",
                "cnumpy\ndtype\n(" + string(name) + "tR.")) {
            String message = refused(program.getBytes(StandardCharsets.ISO_8859_1));
            assertTrue(message.contains("a name of ") && message.length() < 200, message);
        }
        assertTrue(refused(hex("c\33[2J" + "x".repeat(100) + "\n" + "y".repeat(150) + "\n."))
                .contains("names \"\\u001b[2Jx"));
    }

    private static void assertSmall(String program, @Nullable String refusal) {
        byte[] bytes = program.getBytes(StandardCharsets.ISO_8859_1);
        long allocated = Cost.bytes(() -> {
            if (refusal == null) {
                read(bytes);
            } else {
                assertTrue(refused(bytes).contains(refusal), refused(bytes));
            }
        });
        assertTrue(allocated < 100L * bytes.length, allocated + " bytes for " + bytes.length);
    }

    /** The operation that pushes a string. */
    private static String string(String content) {
        StringBuilder operation = new StringBuilder("T");
        for (int i = 0; i < 4; i++) {
            operation.append((char) (content.length() >> 8 * i & 0xFF));
        }
        return operation + content;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void truncatedPicklesAreRefused(boolean newest) {
        String whole = newest ? PROTOCOL_4 : PROTOCOL_2;
        for (int length = 0; length < whole.length(); length += 2) {
            assertTrue(refused(whole.substring(0, length)).startsWith("p, byte "));
        }
    }

    /** Whatever is in a file, it is a dictionary or an error of ours. */
    @Test
    void garbageIsRefusedOrRead() {
        byte[] whole = HexFormat.of().parseHex(PROTOCOL_2);
        Random random = new Random(1);
        for (int i = 0; i < 20_000; i++) {
            byte[] garbage = whole.clone();
            for (int k = random.nextInt(4); k >= 0; k--) {
                garbage[random.nextInt(garbage.length)] = (byte) random.nextInt();
            }
            try {
                Pickle.read(new DataFile("p", new ByteArrayInputStream(garbage), garbage.length));
            } catch (StriateException e) {
                assertTrue(e.getMessage().startsWith("p, byte "), e.getMessage());
            }
        }
    }

    /** The layout of torchvision. */
    @ParameterizedTest
    @ValueSource(strings = {"", "cifar-10-batches-py"})
    void cifarIsReadFromItsPythonVersion(String folder) throws IOException {
        Path batches = Files.createDirectories(directory.resolve(folder));
        for (int i = 0; i < 6; i++) {
            Files.write(
                    batches.resolve(i < 5 ? "data_batch_" + (i + 1) : "test_batch"),
                    HexFormat.of().parseHex(batch(i)));
        }
        CifarTest.check(Cifar10.read(directory));
        Files.write(
                batches.resolve("data_batch_2"),
                HexFormat.of().parseHex(pickle2(List.of(1, 10), 2, 3072, false, new byte[2 * 3072])));
        String message = assertThrows(StriateException.class, () -> Cifar10.read(directory))
                .getMessage();
        assertTrue(
                message.contains("data_batch_2, byte ") && message.contains("a label is 10, expected 0 .. 9"), message);
        Files.write(
                batches.resolve("data_batch_2"),
                HexFormat.of().parseHex(pickle2(List.of(1), 2, 3072, false, new byte[2 * 3072])));
        assertTrue(
                assertThrows(StriateException.class, () -> Cifar10.read(directory))
                        .getMessage()
                        .contains(
                                "expected a dictionary of data, an array of N x 3072 bytes, and labels, a list of N numbers; found the keys"));
    }

    @Test
    void cifarIsReadFromItsPythonArchive() throws IOException {
        Tar tar = new Tar();
        for (int i = 5; i >= 0; i--) {
            String name = i < 5 ? "data_batch_" + (i + 1) : "test_batch";
            tar.file("cifar-10-batches-py/" + name, HexFormat.of().parseHex(batch(i)));
        }
        tar.writeTo(directory.resolve("cifar-10-python.tar.gz"));
        CifarTest.check(Cifar10.read(directory));
    }

    private static String batch(int file) {
        byte[] pixels = new byte[2 * 3072];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = CifarTest.pixel(file, i / 3072, i % 3072);
        }
        return pickle2(List.of(file, (file + 4) % 10), 2, 3072, false, pixels);
    }

    /** {@code {'labels': labels, 'data': np.array(bytes)}}, operation by operation as Python 2 writes it. */
    private static String pickle2(List<Integer> labels, int rows, int columns, boolean columnsFirst, byte[] bytes) {
        StringBuilder program = new StringBuilder("\u0080\2}q\1(U\6labelsq\2]q\3(");
        labels.forEach(label -> program.append('K').append((char) (int) label));
        program.append(
                "eU\4dataq\4cnumpy.core.multiarray\n_reconstruct\nq\5cnumpy\nndarray\nq\6K\0\u0085q\7U\1bq\10\u0087q\11"
                        + "Rq\12(K\1");
        program.append('K')
                .append((char) rows)
                .append('M')
                .append((char) (columns & 0xFF))
                .append((char) (columns >> 8));
        program.append(
                "\u0086q\13cnumpy\ndtype\nq\14U\2u1q\15K\0K\1\u0087q\16Rq\17(K\3U\1|q\20NNNJ\u00ff\u00ff\u00ff\u00ff"
                        + "J\u00ff\u00ff\u00ff\u00ffK\0tq\21b");
        program.append(columnsFirst ? '\u0088' : '\u0089').append('T');
        for (int i = 0; i < 4; i++) {
            program.append((char) (bytes.length >> 8 * i & 0xFF));
        }
        program.append(new String(bytes, StandardCharsets.ISO_8859_1)).append("tq\22bu.");
        return hex(program.toString());
    }

    private static String hex(String program) {
        return HexFormat.of().formatHex(program.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static Map<String, Object> read(String hex) {
        return read(HexFormat.of().parseHex(hex));
    }

    private static Map<String, Object> read(byte[] bytes) {
        return Pickle.read(new DataFile("p", new ByteArrayInputStream(bytes), bytes.length));
    }

    private static String refused(String hex) {
        return refused(HexFormat.of().parseHex(hex));
    }

    private static String refused(byte[] bytes) {
        return assertThrows(StriateException.class, () -> read(bytes)).getMessage();
    }
}
