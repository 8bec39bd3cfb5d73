package dev.striate.io;

import static dev.striate.WindowOption.padding;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.nn.BatchNorm2d;
import dev.striate.nn.Block;
import dev.striate.nn.Conv2d;
import dev.striate.nn.Linear;
import dev.striate.nn.Relu;
import dev.striate.nn.Sequential;
import dev.striate.optim.Sgd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateTest {

    /** Not the reference, whose memory keeps more digits than a file does. */
    private static final Device DEVICE = Device.cpu();

    @TempDir
    Path directory;

    @Test
    void stateGoesToAFileAndBack() {
        Path file = directory.resolve("model.safetensors");
        Block saved = net(1);
        Tensor x = Tensor.randn(DEVICE, new Generator(9), 4, 1, 5, 5);
        saved.forward(x); // moves the running statistics
        saved.eval();
        saved.save(file, Map.of("epoch", "3"));
        assertEquals(
                List.of("conv.weight", "conv.bias", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"),
                List.copyOf(Safetensors.read(file, DEVICE).keySet()));

        Block loaded = net(2);
        loaded.eval();
        assertFalse(
                Arrays.equals(saved.forward(x).toFloatArray(), loaded.forward(x).toFloatArray()));
        assertEquals(Map.of("epoch", "3"), loaded.load(file));
        assertArrayEquals(saved.forward(x).toFloatArray(), loaded.forward(x).toFloatArray());
    }

    @Test
    void loadsWhatFits() {
        Path file = directory.resolve("model.safetensors");
        try (Sequential saved = new Sequential(new Linear(2, 3), new Relu(), new Linear(3, 4), new Linear(4, 1));
                Sequential other = Sequential.builder()
                        .add("0", new Linear(2, 3))
                        .add("2", new Linear(3, 5))
                        .add("head", new Linear(5, 2))
                        .build()) {
            saved.initialize(Device.cpu(), new Generator(1)).save(file);
            other.initialize(Device.cpu(), new Generator(2));
            float[] untouched = other.parameters().get("2.weight").toFloatArray();
            LoadReport report = other.loadMatching(file);
            assertEquals(List.of("0.weight", "0.bias"), report.loaded());
            assertEquals(List.of("head.weight", "head.bias"), report.missing());
            assertEquals(
                    List.of("3.bias", "3.weight"),
                    report.unexpected().stream().sorted().toList());
            assertEquals(
                    List.of(
                            "2.weight has the shape (4, 3) in the file and (5, 3) in the network",
                            "2.bias has the shape (4) in the file and (5) in the network"),
                    report.misshapen());
            assertFalse(report.isComplete());
            assertArrayEquals(
                    saved.parameters().get("0.weight").toFloatArray(),
                    other.parameters().get("0.weight").toFloatArray());
            assertArrayEquals(untouched, other.parameters().get("2.weight").toFloatArray());
            assertTrue(saved.loadMatching(file).isComplete());
        }
    }

    @Test
    void loadsIntoParametersThatAnOptimizerMoved() {
        Path file = directory.resolve("model.safetensors");
        net(1).save(file);
        Block loaded = net(2);
        try (Sgd optimizer = new Sgd(loaded.parameters(), 0.1f)) {
            loaded.load(file);
            assertArrayEquals(
                    net(1).parameters().get("conv.weight").toFloatArray(),
                    loaded.parameters().get("conv.weight").toFloatArray());
            assertTrue(loaded.parameters().get("conv.weight").requiresGrad());
        }
    }

    /**
     * As PyTorch's state_dict has it: a count of batches, as int64 of rank 0, beside the statistics; halves for
     * weights.
     */
    @Test
    void stateOfPyTorchIsLoaded() throws IOException {
        ByteBuffer data = ByteBuffer.allocate(8 + 36 + 4 * 4 + 4 * 8).order(ByteOrder.LITTLE_ENDIAN);
        data.putLong(7);
        for (int i = 0; i < 18; i++) {
            data.putShort((short) 0x3C00);
        }
        for (String name : List.of("conv.bias", "bn.weight")) {
            data.putFloat(name.length()).putFloat(2);
        }
        for (int i = 0; i < 4; i++) {
            data.putFloat(i).putFloat(-i);
        }
        String header = "\"__metadata__\":{\"format\":\"pt\"},"
                + entry("bn.num_batches_tracked", "I64", "", 0, 8) + ","
                + entry("conv.weight", "F16", "2,1,3,3", 8, 44) + ","
                + entry("conv.bias", "F32", "2", 44, 52) + ","
                + entry("bn.weight", "F32", "2", 52, 60) + ","
                + entry("bn.bias", "F32", "2", 60, 68) + ","
                + entry("bn.running_mean", "F32", "2", 68, 76) + ","
                + entry("bn.running_var", "F32", "2", 76, 84);
        Path file = write(header, Arrays.copyOf(data.array(), 84));
        Block block = net(2);
        assertEquals(Map.of("format", "pt"), block.load(file));
        float[] ones = new float[18];
        Arrays.fill(ones, 1);
        assertArrayEquals(ones, values(block).get("conv.weight"));
        assertArrayEquals(new float[] {9, 2}, values(block).get("conv.bias"));
        assertArrayEquals(new float[] {2, -2}, values(block).get("bn.running_var"));
    }

    /**
     * PyTorch's blocks may have empty buffers. Numbers of an unknown type matter only where the block has that
     * tensor.
     */
    @Test
    void onlyTheModulesTensorsMustBeReadable() throws IOException {
        String common = entry("empty", "I8", "0,3", 0, 0) + ","
                + entry("optimizer.adam.m.weight", "F4", "2", 0, 1) + ","
                + entry("num_batches_tracked", "C64", "", 1, 9) + ",";
        Path file = write(
                common + entry("weight", "U8", "1,2", 9, 11) + "," + entry("bias", "F16", "1", 11, 13),
                new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 5, (byte) 200, 0, 0x3C});
        try (Block linear = new Linear(2, 1).initialize(DEVICE, new Generator(1))) {
            linear.load(file);
            assertArrayEquals(new float[] {5, 200}, values(linear).get("weight"));
            assertArrayEquals(new float[] {1}, values(linear).get("bias"));

            write(
                    common + entry("weight", "F8_E8M0", "1,2", 9, 11) + "," + entry("bias", "F16", "1", 11, 13),
                    new byte[13]);
            String message = assertThrows(StriateException.class, () -> linear.load(file))
                    .getMessage();
            assertTrue(
                    message.startsWith(
                            file + " does not fit the network: weight is of type F8_E8M0 and shape (1, 2); the types"
                                    + " that can be read are [F32, "),
                    message);
            assertArrayEquals(new float[] {5, 200}, values(linear).get("weight"));

            write(
                    common + entry("weight", "I32", "1,2", 9, 17) + "," + entry("bias", "F16", "1", 17, 19),
                    new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0});
            message = assertThrows(StriateException.class, () -> linear.load(file))
                    .getMessage();
            assertTrue(
                    message.startsWith(
                            file + ": the tensor \"weight\" cannot be read: it is of type I32; it holds 16777217,"
                                    + " which float32 cannot hold exactly"),
                    message);
            assertArrayEquals(new float[] {5, 200}, values(linear).get("weight"));
        }
    }

    private static String entry(String name, String type, String shape, int begin, int end) {
        return "\"" + name + "\":{\"dtype\":\"" + type + "\",\"shape\":[" + shape + "],\"data_offsets\":[" + begin + ","
                + end + "]}";
    }

    private Path write(String entries, byte[] data) throws IOException {
        byte[] json = ("{" + entries + "}").getBytes(StandardCharsets.UTF_8);
        return Files.write(
                directory.resolve("other.safetensors"),
                ByteBuffer.allocate(8 + json.length + data.length)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(json.length)
                        .put(json)
                        .put(data)
                        .array());
    }

    @Test
    void manyNamesAreCounted() {
        Path file = directory.resolve("other.safetensors");
        Map<String, Tensor> many = new LinkedHashMap<>();
        for (int i = 0; i < 10; i++) {
            many.put("x" + i, Tensor.zeros(DEVICE, 1));
        }
        Safetensors.write(file, many, Map.of());
        StriateException e = assertThrows(StriateException.class, () -> net(1).load(file));
        assertEquals(
                file
                        + " does not fit the network: it lacks [conv.weight, conv.bias, bn.weight, bn.bias, bn.running_mean,"
                        + " bn.running_var]; the network has no [x0, x1, x2, x3, x4, x5, and 4 more]",
                e.getMessage());
    }

    @Test
    void aFileThatWasReplacedIsRefused() {
        Path file = directory.resolve("model.safetensors");
        Block block = net(1);
        block.save(file, Map.of("epoch", "4"));
        Map<String, float[]> before = values(block);
        Block other = net(2);
        assertThrows(StriateException.class, () -> State.load(other.state(), file, Map.of("epoch", "3")));
        assertFalse(Arrays.equals(before.get("conv.weight"), values(other).get("conv.weight")));
        State.load(other.state(), file, Map.of("epoch", "4"));
        assertArrayEquals(before.get("conv.weight"), values(other).get("conv.weight"));
    }

    @Test
    void whatDoesNotFitIsNamedAndChangesNothing() {
        Path file = directory.resolve("other.safetensors");
        Map<String, Tensor> state = new LinkedHashMap<>(net(1).parameters());
        state.remove("conv.bias");
        state.put("conv.weight", Tensor.zeros(DEVICE, 2, 1, 5, 5));
        state.put("head.weight", Tensor.zeros(DEVICE, 3));
        state.put("bn.running_mean", Tensor.zeros(DEVICE, 2));
        state.put("bn.running_var", Tensor.zeros(DEVICE, 2));
        Safetensors.write(file, state, Map.of());

        Block block = net(2);
        Map<String, float[]> before = values(block);
        StriateException e = assertThrows(StriateException.class, () -> block.load(file));
        assertEquals(
                file
                        + " does not fit the network: it lacks [conv.bias]; the network has no [head.weight]; conv.weight has the"
                        + " shape (2, 1, 5, 5) in the file and (2, 1, 3, 3) in the network",
                e.getMessage());
        values(block).forEach((name, values) -> assertArrayEquals(before.get(name), values, name));
    }

    private static Map<String, float[]> values(Block block) {
        Map<String, float[]> values = new LinkedHashMap<>();
        block.parameters().forEach((name, tensor) -> values.put(name, tensor.toFloatArray()));
        block.buffers().forEach((name, tensor) -> values.put(name, tensor.toFloatArray()));
        return values;
    }

    private static Block net(long seed) {
        Block net = Sequential.builder()
                .add("conv", new Conv2d(1, 2, 3, padding(1)))
                .add("bn", new BatchNorm2d(2))
                .build()
                .initialize(DEVICE, new Generator(seed));
        assertEquals(Shape.of(4, 2, 5, 5), net.outputShape(Shape.of(4, 1, 5, 5)));
        return net;
    }
}
