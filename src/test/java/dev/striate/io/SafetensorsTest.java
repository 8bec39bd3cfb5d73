package dev.striate.io;

import static dev.striate.TensorAssertions.assertTensor;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Cost;
import dev.striate.Device;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsTest {

    private static final Device DEVICE = Device.reference();

    @TempDir
    Path directory;

    @Test
    void whatIsWrittenIsReadBack() {
        Path file = directory.resolve("a.safetensors");
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put(
                "z.weight", Tensor.of(DEVICE, Shape.of(2, 3), 1, -2, 3.5f, Float.NaN, Float.NEGATIVE_INFINITY, -0f));
        tensors.put("a \"quoted\" \u00fc\n", Tensor.scalar(DEVICE, Float.MIN_VALUE));
        Safetensors.write(file, tensors, Map.of("note", "\u4e2d \"x\""));

        Map<String, Tensor> read = Safetensors.read(file, DEVICE);
        assertEquals(List.copyOf(tensors.keySet()), List.copyOf(read.keySet()));
        tensors.forEach((name, tensor) -> {
            assertEquals(tensor.shape(), read.get(name).shape());
            assertArrayEquals(bits(tensor.toFloatArray()), bits(read.get(name).toFloatArray()));
        });
        assertEquals(Map.of("note", "\u4e2d \"x\""), Safetensors.readMetadata(file));
    }

    /** JSON readers have bounds of their own for texts. */
    @Test
    void longMetadataIsReadBack() {
        Path file = directory.resolve("long.safetensors");
        String text = "\"".repeat(25_000_000);
        Safetensors.write(file, Map.of(), Map.of("long", text));
        assertEquals(text, Safetensors.readMetadata(file).get("long"));
    }

    @Test
    void headersThatNobodyReadsAreNotWritten() throws IOException {
        Path file = directory.resolve("huge.safetensors");
        Safetensors.write(file, Map.of(), Map.of("k", "v"));
        String text = "x".repeat(25_000_000);
        StriateException e = assertThrows(
                StriateException.class,
                () -> Safetensors.write(file, Map.of(), Map.of("a", text, "b", text, "c", text, "d", text)));
        assertTrue(
                e.getMessage().startsWith("cannot write " + file)
                        && e.getMessage().contains("100000000"),
                e.getMessage());
        assertEquals(Map.of("k", "v"), Safetensors.readMetadata(file));
    }

    /** Values in several chunks, the last one partial. */
    @Test
    void largeTensorsAreReadBack() {
        Path file = directory.resolve("large.safetensors");
        float[] values = new float[(1 << 19) + 12_345];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        Safetensors.write(file, Map.of("x", Tensor.of(DEVICE, values)), Map.of());
        assertArrayEquals(values, Safetensors.read(file, DEVICE).get("x").toFloatArray());
    }

    @Test
    void bytesAreThoseOfTheFormat() throws IOException {
        Path file = directory.resolve("b.safetensors");
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("w", Tensor.of(DEVICE, Shape.of(1, 2), 1, -2));
        tensors.put("b", Tensor.scalar(DEVICE, 0.5f));
        Safetensors.write(file, tensors, Map.of("k", "v"));
        byte[] data = {0, 0, (byte) 0x80, 0x3f, 0, 0, 0, (byte) 0xc0, 0, 0, 0, 0x3f};
        String header = "{\"__metadata__\":{\"striate.sha256\":\"" + sha256(data) + "\",\"k\":\"v\"},"
                + "\"w\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]},"
                + "\"b\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[8,12]}}";
        header += " ".repeat((8 - header.length() % 8) % 8);
        assertArrayEquals(bytes(header, data), Files.readAllBytes(file));
    }

    @Test
    void filesOfOthersAreRead() throws IOException {
        // Members in another order, spaces, data in another order than the header.
        Path file = write(
                "{ \"b\": {\"data_offsets\": [4, 8], \"shape\": [1], \"dtype\": \"F32\"},"
                        + " \"a\": {\"dtype\": \"F32\", \"shape\": [1, 1], \"data_offsets\": [0, 4]} }   ",
                new byte[] {0, 0, (byte) 0x80, 0x3f, 0, 0, 0, 0x40});
        Map<String, Tensor> read = Safetensors.read(file, DEVICE);
        assertEquals(1, read.get("a").item());
        assertEquals(Shape.of(1, 1), read.get("a").shape());
        assertEquals(2, read.get("b").item());
        assertEquals(Map.of(), Safetensors.readMetadata(file));
        assertEquals(Map.of(), Safetensors.read(write("{}", new byte[0]), DEVICE));
    }

    @Test
    void replacesAFileAndLeavesNoOther() throws IOException {
        Path file = directory.resolve("c.safetensors");
        Files.writeString(file, "something else");
        Safetensors.write(file, Map.of("x", Tensor.scalar(DEVICE, 3)), Map.of());
        assertEquals(3, Safetensors.read(file, DEVICE).get("x").item());
        try (Stream<Path> files = Files.list(directory)) {
            assertEquals(List.of(file), files.toList());
        }
    }

    @Test
    void failedWriteLeavesTheOldFileAndNoOther() throws IOException {
        Path file = directory.resolve("d.safetensors");
        Safetensors.write(file, Map.of("x", Tensor.scalar(DEVICE, 3)), Map.of());
        Tensor closed = Tensor.scalar(DEVICE, 4);
        closed.close();
        assertThrows(StriateException.class, () -> Safetensors.write(file, Map.of("x", closed), Map.of()));
        assertThrows(
                StriateException.class,
                () -> Safetensors.write(file, Map.of("__metadata__", Tensor.scalar(DEVICE, 4)), Map.of()));
        assertEquals(3, Safetensors.read(file, DEVICE).get("x").item());
        try (Stream<Path> files = Files.list(directory)) {
            assertEquals(List.of(file), files.toList());
        }
    }

    @Test
    void missingFileOrDirectoryIsNamed() {
        Path file = directory.resolve("no/such.safetensors");
        assertEquals(
                "cannot read " + file + ": there is no such file or directory",
                assertThrows(StriateException.class, () -> Safetensors.read(file, DEVICE))
                        .getMessage());
        assertEquals(
                "cannot write " + file + ": there is no such file or directory",
                assertThrows(StriateException.class, () -> Safetensors.write(file, Map.of(), Map.of()))
                        .getMessage());
    }

    @Test
    @Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no mkfifo")
    void pipesAreRefused() throws IOException, InterruptedException {
        Path pipe = directory.resolve("pipe");
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        assertEquals(
                "cannot read " + pipe + ": it is not a regular file",
                assertThrows(StriateException.class, () -> Safetensors.readMetadata(pipe))
                        .getMessage());
    }

    /** Headers before 4 bytes of data; ' stands for ". */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{'x':{'dtype':'U8','shape':[5],'data_offsets':[0,4]}} | tensor 'x': shape (5) takes 5 bytes, data_offsets span 4",
                "{'x':{'dtype':'F16','shape':[1],'data_offsets':[0,4]}} | tensor 'x': shape (1) takes 2 bytes, data_offsets span 4",
                "{'x':{'dtype':'F64','shape':[1],'data_offsets':[0,4]}} | tensor 'x': shape (1) takes 8 bytes, data_offsets span 4",
                "{'x':{'dtype':'F64','shape':[2147483647],'data_offsets':[0,17179869176]}}"
                        + " | the tensors take 17179869176 bytes, the file has 4 bytes of data; it is truncated",
                "{'x':{'dtype':'F32','shape':[1],'data_offsets':[9223372036854775804,9223372036854775807]}}"
                        + " | tensor 'x': shape (1) takes 4 bytes, data_offsets span 3",
                "{'x':{'dtype':'F32','shape':[1],'data_offsets':[9223372036854775803,9223372036854775807]}}"
                        + " | no tensor covers the bytes 0 to 9223372036854775803 of the data",
                "{'x':{'dtype':32,'shape':[1],'data_offsets':[0,4]}} | tensor 'x': dtype is not a string",
                "{'x':{'dtype':'F32','shape':[2],'data_offsets':[0,4]}} | tensor 'x': shape (2) takes 8 bytes, data_offsets span 4",
                "{'x':{'dtype':'F32','shape':[1],'data_offsets':[0,8]}} | tensor 'x': shape (1) takes 4 bytes, data_offsets span 8",
                "{'x':{'dtype':'F32','shape':[-1],'data_offsets':[0,4]}} | tensor 'x': shape holds the negative number -1",
                "{'x':{'dtype':'F32','shape':[1],'data_offsets':[-4,0]}} | tensor 'x': data_offsets holds the negative number -4",
                "{'x':{'dtype':'F32','shape':[1],'data_offsets':[4,0]}} | tensor 'x': data_offsets are not [begin, end]",
                "{'x':{'dtype':'F32','shape':[1],'data_offsets':[4]}} | tensor 'x': data_offsets are not [begin, end]",
                "{'x':{'dtype':'F32','shape':[0],'data_offsets':[0,4]}} | tensor 'x': shape (0) takes 0 bytes, data_offsets span 4",
                "{'x':{'dtype':'F32','shape':[1.5],'data_offsets':[0,4]}} | tensor 'x': shape holds something other than whole numbers",
                "{'x':{'dtype':'F32','shape':['1'],'data_offsets':[0,4]}} | tensor 'x': shape holds something other than whole numbers",
                "{'x':{'dtype':'F32','shape':1,'data_offsets':[0,4]}} | tensor 'x': shape is not an array",
                "{'x':{'dtype':'F32','shape':[99999999999],'data_offsets':[0,4]}}"
                        + " | tensor 'x': shape (99999999999) takes 399999999996 bytes, data_offsets span 4",
                "{'x':{'dtype':'F32','shape':[99999,99999],'data_offsets':[0,4]}}"
                        + " | tensor 'x': shape (99999, 99999) takes 39999200004 bytes, data_offsets span 4",
                "{'x':{'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[0,4]}}"
                        + " | tensor 'x': shape (4294967296, 4294967296) takes more than 2^63 bytes, data_offsets span 4",
                "{'x':{'dtype':'F32','shape':[2305843009213693952],'data_offsets':[0,4]}}"
                        + " | tensor 'x': shape (2305843009213693952) takes more than 2^63 bytes, data_offsets span 4",
                "{'x':{'dtype':'F32','shape':[9999999999999999999],'data_offsets':[0,4]}} | the header is not valid JSON: Numeric value",
                "{'x':{'dtype':'F32','shape':[1]}} | tensor 'x': needs dtype, shape and data_offsets",
                "{'x':{'dtype':'F32','shape':[1],'shape':[1],'data_offsets':[0,4]}}"
                        + " | the header is not valid JSON: Duplicate field 'shape'",
                "{'x':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},'x':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}"
                        + " | the header is not valid JSON: Duplicate field 'x'",
                "{'x':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},'y':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}"
                        + " | tensor 'y' starts at byte 0 of the data, inside another that ends at 4",
                "{'x':{'dtype':'F32','shape':[1],'data_offsets':[1,5]}} | no tensor covers the bytes 0 to 1 of the data",
                "{'x':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}"
                        + " | the tensors take 8 bytes, the file has 4 bytes of data; it is truncated",
                "{} | the tensors take 0 bytes, the file has 4 bytes of data",
                "{'x':5} | 'x' is not an object",
                "{'__metadata__':{'k':1}} | __metadata__ 'k' is not a string",
                "{'__metadata__':[]} | '__metadata__' is not an object",
                "[] | the header does not start with {",
                "{'x': | the header is not valid JSON: Unexpected end-of-input",
                "{} {} | there is more after the header's closing brace",
                "{'x':{'dtype':'F32','shape':[[[[[[[[[[1]]]]]]]]]],'data_offsets':[0,4]}} | tensor 'x': shape holds something other",
            })
    void wrongHeadersAreRefused(String header, String reason) throws IOException {
        assertRefused(write(header.replace('\'', '"'), new byte[4]), reason);
    }

    @Test
    void wrongFramesAreRefused() throws IOException {
        assertRefused(file(new byte[0]), "it has 0 bytes, too few for a header");
        assertRefused(file(new byte[7]), "it has 7 bytes, too few for a header");
        assertRefused(file(new byte[8]), "the header does not start with {");
        assertRefused(
                file(ByteBuffer.allocate(12)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(5)
                        .array()),
                "it announces a header of 5 bytes, but there is room for 4");
        assertRefused(
                file(ByteBuffer.allocate(12).putLong(-1).array()),
                "it announces a header of 18446744073709551615 bytes, but there is room for 4");
        assertRefused(
                file(bytes("{\"\u00e9\":", StandardCharsets.ISO_8859_1, new byte[0])), "the header is not valid UTF-8");
    }

    /** Every prefix of a good file is refused, whatever it ends in. */
    @Test
    void everyTruncationIsRefused() throws IOException {
        Path file = directory.resolve("whole.safetensors");
        Safetensors.write(file, Map.of("x", Tensor.of(DEVICE, 1, 2, 3)), Map.of("k", "v"));
        byte[] whole = Files.readAllBytes(file);
        for (int length = 0; length < whole.length; length++) {
            assertRefused(file(Arrays.copyOf(whole, length)), "");
        }
    }

    /** The limit holds even where the file is as long as it says: a hole of 200 MB, without taking the memory. */
    @Test
    void hugeHeaderIsRefused() throws IOException {
        Path file = directory.resolve("huge.safetensors");
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            channel.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, 150_000_000));
            channel.write(ByteBuffer.allocate(1), 200_000_000);
        }
        assertRefused(file, "it announces a header of 150000000 bytes, but there is room for 100000000");
    }

    @Test
    void refusedFileLeavesNothingOnTheDevice() throws IOException {
        int before = DEVICE.memory().liveBuffers();
        assertRefused(write("{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", new byte[5]), "");
        assertEquals(before, DEVICE.memory().liveBuffers());
    }

    @Test
    void endlessShapesAreRefused() throws IOException {
        String ones = "1,".repeat(100) + "1";
        assertRefused(
                write("{\"x\":{\"dtype\":\"F32\",\"shape\":[" + ones + "],\"data_offsets\":[0,4]}}", new byte[4]),
                "tensor 'x': shape holds more than 64 numbers");
    }

    /** Whatever becomes of a good header, it is refused or describes exactly the data that are there. */
    @Test
    void changedHeadersAreRefusedOrRight() throws IOException {
        Path file = directory.resolve("good.safetensors");
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("conv.weight", Tensor.zeros(DEVICE, 2, 1, 3, 3));
        tensors.put("bias", Tensor.zeros(DEVICE, 12));
        tensors.put("scale", Tensor.scalar(DEVICE, 1));
        Safetensors.write(file, tensors, Map.of("epoch", "3"));
        byte[] whole = Files.readAllBytes(file);
        int headerEnd =
                8 + (int) ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
        byte[] interesting = "{}[]\":,-0123456789eE.\\unF ".getBytes(StandardCharsets.US_ASCII);
        Random random = new Random(7);
        int refused = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] changed = Arrays.copyOfRange(whole, 8, headerEnd);
            for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
                int at = random.nextInt(changed.length);
                switch (random.nextInt(4)) {
                    case 0 -> changed[at] = (byte) random.nextInt();
                    case 1 -> changed[at] = interesting[random.nextInt(interesting.length)];
                    case 2 -> changed = without(changed, at, Math.min(changed.length - 1, at + random.nextInt(8)));
                    default ->
                        changed = with(changed, at, changed, random.nextInt(changed.length), 1 + random.nextInt(40));
                }
            }
            try {
                long described = 0;
                for (SafetensorsEntry entry : SafetensorsHeader.parse(changed, whole.length - headerEnd)
                        .entries()
                        .values()) {
                    NumberType type = entry.numberType();
                    long bytes = entry.end() - entry.begin();
                    assertTrue(type == null || entry.elements() * type.bytes() == bytes, entry.toString());
                    described += bytes;
                }
                assertEquals(whole.length - headerEnd, described);
            } catch (SafetensorsHeader.Malformed e) {
                refused++;
            }
        }
        assertTrue(refused > 15_000 && refused < 20_000, refused + " refused");
    }

    @Test
    void entriesAreLimited() throws IOException {
        StringBuilder header = new StringBuilder("{\"__metadata__\":{\"a\":\"\"");
        for (int i = 0; i < 500_000; i++) {
            header.append(",\"").append(i).append("\":\"\"");
        }
        Path file = write(header + "}}", new byte[0]);
        String message = assertThrows(StriateException.class, () -> Safetensors.readMetadata(file))
                .getMessage();
        assertTrue(
                message.endsWith("it has more than 500000 tensors and metadata entries, the limit of this library"),
                message);
    }

    @Test
    void unreadableHeadersAreNotWritten() {
        Path file = directory.resolve("kept.safetensors");
        Safetensors.write(file, Map.of(), Map.of("k", "v"));
        Tensor one = Tensor.ones(DEVICE, 1);
        String half = "w\ud83d";
        for (Runnable writing : List.<Runnable>of(
                () -> Safetensors.write(file, Map.of(half, one), Map.of()),
                () -> Safetensors.write(file, Map.of(), Map.of(half, "")),
                () -> Safetensors.write(file, Map.of(), Map.of("k", half)))) {
            String message = assertThrows(StriateException.class, writing::run).getMessage();
            assertTrue(message.contains("half of a surrogate pair"), message);
        }
        Map<String, String> many = new HashMap<>();
        IntStream.range(0, 500_000).forEach(i -> many.put("" + i, ""));
        assertThrows(StriateException.class, () -> Safetensors.write(file, Map.of(), many));
        assertEquals(Map.of("k", "v"), Safetensors.readMetadata(file));
    }

    /** Each bit of a file is flipped: that is noticed, or changes nothing that is read. */
    @Test
    void everyFlippedBitIsNoticed() throws IOException {
        Path file = directory.resolve("good.safetensors");
        float[] values = {1, -2, 0.5f, 3e7f, -0.125f};
        Safetensors.write(file, Map.of("weight", Tensor.of(DEVICE, values)), Map.of());
        byte[] whole = Files.readAllBytes(file);
        int refused = 0;
        for (int bit = 0; bit < 8 * whole.length; bit++) {
            byte[] changed = whole.clone();
            changed[bit / 8] ^= (byte) (1 << bit % 8);
            Path other = file(changed);
            boolean inData = bit / 8 >= whole.length - 4 * values.length;
            try {
                Map<String, Tensor> read = Safetensors.read(other, DEVICE);
                assertFalse(inData, () -> "a flip in the data");
                read.values().forEach(tensor -> assertArrayEquals(bits(values), bits(tensor.toFloatArray())));
                read.values().forEach(Tensor::close);
            } catch (StriateException e) {
                refused++;
                String expected = other + (inData ? " is damaged: the SHA-256 of its tensors is " : "");
                assertTrue(e.getMessage().startsWith(expected), e.getMessage());
            }
        }
        assertTrue(refused > 8 * whole.length / 2, refused + " of " + 8 * whole.length);
    }

    @Test
    void damageSaysWhichFileAndWhatToDo() throws IOException {
        byte[] data = {0, 0, (byte) 0x80, 0x3f};
        String header = "{\"__metadata__\":{\"k\":\"v\",\"striate.sha256\":\"%s\"},"
                + "\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
        Path file = write(header.formatted(sha256(data)), data);
        assertEquals(1, Safetensors.read(file, DEVICE).get("x").item());
        assertEquals(Map.of("k", "v"), Safetensors.readMetadata(file));
        for (String wrong : List.of("0".repeat(64), "", "\u001b[2J".repeat(1000))) {
            write(header.formatted(wrong.replace("\u001b", "\\u001b")), data);
            String message = assertThrows(StriateException.class, () -> Safetensors.read(file, DEVICE))
                    .getMessage();
            assertTrue(
                    message.startsWith(file + " is damaged: the SHA-256 of its tensors is " + sha256(data)), message);
            assertTrue(message.contains("remove \"striate.sha256\" from the file's metadata"), message);
            assertTrue(message.length() < 700 && message.indexOf('\u001b') < 0, message);
            assertEquals(Map.of("k", "v"), Safetensors.readMetadata(file), "metadata do not need the data");
        }
    }

    /** Also where it lies in another tensor than those that are asked for. */
    @Test
    void damageAnywhereIsNoticed() throws IOException {
        Path file = directory.resolve("large.safetensors");
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("a", Tensor.ones(DEVICE, 300_000));
        tensors.put("b", Tensor.ones(DEVICE, 3));
        Safetensors.write(file, tensors, Map.of("striate.sha256", "of another file"));
        assertEquals(
                3, Safetensors.read(file, DEVICE, List.of("b")).get("b").shape().elements());
        byte[] whole = Files.readAllBytes(file);
        whole[whole.length - 100_000] ^= 1;
        Path damaged = file(whole);
        int before = DEVICE.memory().liveBuffers();
        assertTrue(assertThrows(StriateException.class, () -> Safetensors.read(damaged, DEVICE, List.of("b")))
                .getMessage()
                .startsWith(damaged + " is damaged: "));
        assertEquals(before, DEVICE.memory().liveBuffers());
    }

    private static byte[] without(byte[] bytes, int from, int to) {
        return with(Arrays.copyOf(bytes, from), from, bytes, to, bytes.length - to);
    }

    /** With up to {@code count} bytes of another array in between. */
    private static byte[] with(byte[] bytes, int at, byte[] other, int from, int count) {
        int inserted = Math.min(count, other.length - from);
        return ByteBuffer.allocate(bytes.length + inserted)
                .put(bytes, 0, at)
                .put(other, from, inserted)
                .put(bytes, at, bytes.length - at)
                .array();
    }

    // ---- Types of numbers

    @Test
    void otherTypesAreWidened() throws IOException {
        ByteBuffer data = ByteBuffer.allocate(8 + 8 + 24 + 16).order(ByteOrder.LITTLE_ENDIAN);
        data.putLong(1234).putLong(-(1L << 40));
        data.putDouble(0.1).putDouble(1e300).putDouble(-2.5);
        data.putShort((short) 0x3C00)
                .putShort((short) 0xC000)
                .putShort((short) 0x0001)
                .putShort((short) 0x7BFF);
        data.putShort((short) 0x3F80)
                .putShort((short) 0xC049)
                .putShort((short) 0x7F80)
                .putShort((short) 0x0001);
        Path file = write(
                "{\"i\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[0,16]},"
                        + "\"d\":{\"dtype\":\"F64\",\"shape\":[3],\"data_offsets\":[16,40]},"
                        + "\"h\":{\"dtype\":\"F16\",\"shape\":[2,2],\"data_offsets\":[40,48]},"
                        + "\"b\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[48,56]}}",
                data.array());
        Map<String, Tensor> read = Safetensors.read(file, DEVICE);
        assertArrayEquals(new float[] {1234, -0x1p40f}, read.get("i").toFloatArray());
        assertArrayEquals(
                new float[] {0.1f, Float.POSITIVE_INFINITY, -2.5f},
                read.get("d").toFloatArray());
        assertArrayEquals(new float[] {1, -2, 0x1p-24f, 65504}, read.get("h").toFloatArray());
        assertArrayEquals(
                new float[] {1, -3.140625f, Float.POSITIVE_INFINITY, 0x1p-133f},
                read.get("b").toFloatArray());
        assertEquals(Shape.of(2, 2), read.get("h").shape());
    }

    /** All integer types at their ends, as far as float32 holds these. */
    @Test
    void integersAreReadExactlyOrNot() throws IOException {
        assertInteger("BOOL", 1, 0, "0.0");
        assertInteger("BOOL", 1, 1, "1.0");
        assertInteger("I8", 1, 0x80, "-128.0");
        assertInteger("U8", 1, 0xFF, "255.0");
        assertInteger("I16", 2, 0x8000, "-32768.0");
        assertInteger("U16", 2, 0xFFFF, "65535.0");
        assertInteger("I32", 4, 1 << 24, "1.6777216E7");
        assertInteger("I32", 4, (1 << 24) + 1, "it holds 16777217, which float32 cannot hold exactly");
        assertInteger("I32", 4, Integer.MIN_VALUE, "-2.14748365E9");
        assertInteger("I32", 4, Integer.MAX_VALUE, "it holds 2147483647, which");
        assertInteger("U32", 4, 1L << 31, "2.14748365E9");
        assertInteger("U32", 4, 0xFFFFFFFFL, "it holds 4294967295, which");
        assertInteger("I64", 8, -7, "-7.0");
        assertInteger("I64", 8, Long.MIN_VALUE, "-9.223372E18");
        assertInteger("I64", 8, Long.MAX_VALUE, "it holds 9223372036854775807, which");
        assertInteger("I64", 8, -(1L << 53) + 1, "it holds -9007199254740991, which");
        assertInteger("U64", 8, 5, "5.0");
        assertInteger("U64", 8, Long.MAX_VALUE, "it holds 9223372036854775807, which");
        assertInteger("U64", 8, Long.MIN_VALUE, "9.223372E18");
        assertInteger("U64", 8, -1L << 40, "1.8446743E19");
        assertInteger("U64", 8, -1, "it holds 18446744073709551615, which");
        assertInteger("U64", 8, -1L << 39, "it holds 18446743523953737728, which");
    }

    private void assertInteger(String type, int bytes, long value, String expected) throws IOException {
        byte[] data = ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
        Path file = write(
                "{\"n\":{\"dtype\":\"" + type + "\",\"shape\":[],\"data_offsets\":[0," + bytes + "]}}",
                Arrays.copyOf(data, bytes));
        if (expected.startsWith("it holds")) {
            String message = assertThrows(StriateException.class, () -> Safetensors.read(file, DEVICE))
                    .getMessage();
            assertTrue(
                    message.startsWith(
                            file + ": the tensor \"n\" cannot be read: it is of type " + type + "; " + expected),
                    message);
        } else {
            // Not as text: Java 19 and newer write fewer digits.
            assertEquals(
                    Float.parseFloat(expected),
                    Safetensors.read(file, DEVICE).get("n").item(),
                    type);
        }
    }

    /** All 256 of each kind against the definition. */
    @Test
    void smallFloatsHaveTheirValue() throws IOException {
        byte[] all = new byte[512];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) i;
        }
        Map<String, Tensor> read = Safetensors.read(
                write(
                        "{\"e4\":{\"dtype\":\"F8_E4M3\",\"shape\":[256],\"data_offsets\":[0,256]},"
                                + "\"e5\":{\"dtype\":\"F8_E5M2\",\"shape\":[256],\"data_offsets\":[256,512]}}",
                        all),
                DEVICE);
        for (int bits = 0; bits < 256; bits++) {
            float sign = bits < 128 ? 1 : -1;
            int e4 = bits >> 3 & 15;
            int m3 = bits & 7;
            double size = e4 == 0 ? m3 * Math.pow(2, -9) : (1 + m3 / 8.0) * Math.pow(2, e4 - 7);
            assertEquals(
                    (float) (sign * ((bits & 127) == 127 ? Double.NaN : size)),
                    read.get("e4").toFloatArray()[bits]);
            int e5 = bits >> 2 & 31;
            int m2 = bits & 3;
            size = e5 == 31
                    ? m2 == 0 ? Double.POSITIVE_INFINITY : Double.NaN
                    : e5 == 0 ? m2 * Math.pow(2, -16) : (1 + m2 / 4.0) * Math.pow(2, e5 - 15);
            assertEquals((float) (sign * size), read.get("e5").toFloatArray()[bits]);
        }
    }

    /** Of other types, too many elements: only who asks for these is refused. */
    @Test
    void tensorsThatCannotBeReadLeaveTheOthers() throws IOException {
        Path file = write(
                "{\"__metadata__\":{\"k\":\"v\"},"
                        + "\"future\":{\"dtype\":\"F2_E1M0\",\"shape\":[3,7],\"data_offsets\":[0,6],\"scale\":{\"a\":[1]}},"
                        + "\"complex\":{\"dtype\":\"C64\",\"shape\":[1],\"data_offsets\":[6,14]},"
                        + "\"empty\":{\"dtype\":\"F32\",\"shape\":[3,0],\"data_offsets\":[14,14]},"
                        + "\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[14,18]},"
                        + "\"last\":{\"dtype\":\"I64\",\"shape\":[0],\"data_offsets\":[18,18]}}",
                new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (byte) 0x80, 0x3f});
        assertEquals(Map.of("k", "v"), Safetensors.readMetadata(file));
        assertEquals(
                List.of("future", "complex", "empty", "x", "last"),
                List.copyOf(Safetensors.entries(file).keySet()));
        assertEquals(
                new SafetensorsEntry("F2_E1M0", List.of(3L, 7L), 0, 6),
                Safetensors.entries(file).get("future"));
        assertEquals(1, Safetensors.read(file, DEVICE, List.of("x")).get("x").item());
        String types = "; the types that can be read are [F32, F16, BF16, ";
        assertUnreadable(file, List.of("x", "future"), "future", "is of type F2_E1M0 and shape (3, 7)" + types);
        assertUnreadable(file, List.of("complex"), "complex", "is of type C64 and shape (1)" + types);
        assertTensor(Safetensors.read(file, DEVICE, List.of("empty")).get("empty"), Shape.of(3, 0));
        assertEquals(
                file + " has no tensor \"y\"",
                assertThrows(StriateException.class, () -> Safetensors.read(file, DEVICE, List.of("y")))
                        .getMessage());
        String message = assertThrows(StriateException.class, () -> Safetensors.read(file, DEVICE))
                .getMessage();
        assertTrue(message.startsWith(file + ": the tensor \"future\" cannot be read: it is of type F2_E1M0"), message);
        assertTrue(message.endsWith("Safetensors.read(file, device, names) reads other tensors of the file"), message);
    }

    private static void assertUnreadable(Path file, List<String> names, String culprit, String reason) {
        String message = assertThrows(StriateException.class, () -> Safetensors.read(file, DEVICE, names))
                .getMessage();
        assertTrue(message.startsWith(file + ": the tensor \"" + culprit + "\" cannot be read: it " + reason), message);
    }

    @Test
    void tensorsWithoutElementsAreReadAndWritten() throws IOException {
        Path file = write(
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[0,5],\"data_offsets\":[0,0]},"
                        + "\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                        + "\"b\":{\"dtype\":\"BOOL\",\"shape\":[0],\"data_offsets\":[4,4]}}",
                new byte[4]);
        Map<String, Tensor> read = Safetensors.read(file, DEVICE);
        assertEquals(List.of("a", "x", "b"), List.copyOf(read.keySet()));
        assertTensor(read.get("a"), Shape.of(0, 5));
        assertTensor(read.get("b"), Shape.of(0));
        Path copy = directory.resolve("copy.safetensors");
        Safetensors.write(copy, read, Map.of());
        assertEquals(
                new SafetensorsEntry("F32", List.of(0L, 5L), 0, 0),
                Safetensors.entries(copy).get("a"));
        assertTensor(Safetensors.read(copy, DEVICE).get("a"), Shape.of(0, 5));
        Path huge =
                write("{\"huge\":{\"dtype\":\"F32\",\"shape\":[0,65536,65536],\"data_offsets\":[0,0]}}", new byte[0]);
        assertUnreadable(
                huge,
                List.of("huge"),
                "huge",
                "is of type F32 and shape (0, 65536, 65536); a tensor has fewer than 2^31");
    }

    /** 2^31 bytes of a sparse file: its other tensor is read, and no memory is taken for this one. */
    @Test
    void tensorsOfTooManyElementsLeaveTheOthers() throws IOException {
        String header = "{\"huge\":{\"dtype\":\"U8\",\"shape\":[2147483648],\"data_offsets\":[0,2147483648]},"
                + "\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2147483648,2147483652]}}";
        Path file = directory.resolve("sparse.safetensors");
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            channel.write(ByteBuffer.wrap(bytes(header, new byte[0])));
            channel.write(ByteBuffer.allocate(4), 8 + header.length() + (1L << 31));
        }
        assertEquals(0, Safetensors.read(file, DEVICE, List.of("x")).get("x").item());
        assertUnreadable(
                file, List.of("huge"), "huge", "is of type U8 and shape (2147483648); a tensor has fewer than 2^31");
    }

    // ---- Headers made to exhaust their reader

    /** Names that share a hash, by Java's sum of powers of 31 ("Aa", "BB") and by Jackson's of 33 ("AB", "B!"). */
    @ParameterizedTest
    @CsvSource({"Aa, BB", "AB, B!"})
    void namesOfOneHashAreRead(String one, String other) throws IOException {
        StringBuilder header = new StringBuilder("{");
        int count = 1 << 14;
        for (int i = 0; i < count; i++) {
            StringBuilder name = new StringBuilder();
            for (int bit = 0; bit < 14; bit++) {
                name.append((i >> bit & 1) == 0 ? one : other);
            }
            header.append(i == 0 ? "\"" : ",\"")
                    .append(name)
                    .append("\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[")
                    .append(i)
                    .append(',')
                    .append(i + 1)
                    .append("]}");
        }
        Path file = write(header.append('}').toString(), new byte[count]);
        double seconds = Cost.cpuSeconds(
                () -> assertEquals(count, Safetensors.entries(file).size()));
        assertTrue(seconds < 10, seconds + " s");
    }

    @Test
    void messagesAreShort() throws IOException {
        String name = "n\u001b[31m".repeat(5_000);
        String json = name.replace("\u001b", "\\u001b");
        for (String header : List.of(
                "{\"" + json + "\":1}",
                "{\"" + json + "\":{\"dtype\":1}}",
                "{\"__metadata__\":{\"" + json + "\":1}}",
                "{\"__metadata__\":{\"" + json + "\":\"\",\"" + json + "\":\"\"}}",
                "{\"" + json + json + json + json + "\":1}",
                "{" + name,
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[" + "9".repeat(900) + "]}}",
                "{\"" + json + "\":{\"dtype\":\"" + json + "\",\"shape\":[],\"data_offsets\":[0,4]}}",
                "{\"" + json + "\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[0,4]}}")) {
            Path file = write(header, new byte[] {1, 2, 3, 4});
            String message = assertThrows(StriateException.class, () -> Safetensors.read(file, DEVICE))
                    .getMessage();
            assertTrue(message.length() < 700 && message.indexOf('\u001b') < 0, message);
        }
    }

    /** Values in several chunks, of a type whose numbers are longer than those they become. */
    @Test
    void largeTensorsOfOtherTypesAreRead() throws IOException {
        int count = (1 << 17) + 77;
        ByteBuffer data = ByteBuffer.allocate(8 * count).order(ByteOrder.LITTLE_ENDIAN);
        float[] expected = new float[count];
        for (int i = 0; i < count; i++) {
            data.putDouble(i + 0.5);
            expected[i] = i + 0.5f;
        }
        Path file = write(
                "{\"d\":{\"dtype\":\"F64\",\"shape\":[" + count + "],\"data_offsets\":[0," + 8 * count + "]}}",
                data.array());
        assertArrayEquals(expected, Safetensors.read(file, DEVICE).get("d").toFloatArray());
    }

    /** All 65,536 of them against the definition. */
    @Test
    void halvesHaveTheirValue() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            int exponent = bits >> 10 & 31;
            int fraction = bits & 1023;
            double size = exponent == 31
                    ? fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN
                    : exponent == 0
                            ? Math.scalb((double) fraction, -24)
                            : Math.scalb(1 + fraction / 1024.0, exponent - 15);
            float value = NumberType.fromHalf((short) bits);
            assertEquals(Math.copySign((float) size, bits < 1 << 15 ? 1f : -1f), value, () -> "bits");
            assertEquals(bits >> 15 == 1, Float.floatToRawIntBits(value) < 0);
        }
    }

    // ---- What was left by others

    @Test
    void leftoversOfTheSameNameAreRemoved() throws IOException {
        Path file = directory.resolve("x.safetensors");
        Files.createFile(directory.resolve("x.safetensors.0b0a3c52-0123-4567-89ab-cdef01234567.tmp"));
        Path others = Files.createFile(directory.resolve("y.safetensors.0b0a3c52-0123-4567-89ab-cdef01234567.tmp"));
        Path own = Files.createFile(directory.resolve("x.safetensors.backup.tmp"));
        Safetensors.write(file, Map.of(), Map.of());
        try (Stream<Path> files = Files.list(directory)) {
            assertEquals(List.of(file, own, others), files.sorted().toList());
        }
    }

    @Test
    void aDirectoryIsNoFile() {
        assertEquals(
                "cannot write " + directory + ": it is a directory",
                assertThrows(StriateException.class, () -> Safetensors.write(directory, Map.of(), Map.of()))
                        .getMessage());
    }

    private static void assertRefused(Path file, String reason) {
        String message = assertThrows(StriateException.class, () -> Safetensors.read(file, DEVICE))
                .getMessage();
        String expected = file + " is not a safetensors file that can be read: " + reason;
        assertTrue(
                message.replace('"', '\'').startsWith(expected),
                () -> "expected " + expected + "\n but got " + message);
    }

    private Path write(String header, byte[] data) throws IOException {
        return file(bytes(header, data));
    }

    private Path file(byte[] bytes) throws IOException {
        return Files.write(directory.resolve("test.safetensors"), bytes);
    }

    private static byte[] bytes(String header, byte[] data) {
        return bytes(header, StandardCharsets.UTF_8, data);
    }

    private static byte[] bytes(String header, Charset charset, byte[] data) {
        byte[] json = header.getBytes(charset);
        return ByteBuffer.allocate(8 + json.length + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .put(data)
                .array();
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return bits;
    }
}
