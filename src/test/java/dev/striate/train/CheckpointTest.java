package dev.striate.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.data.DataLoader;
import dev.striate.data.TinyDigits;
import dev.striate.io.Safetensors;
import dev.striate.nn.BatchNorm2d;
import dev.striate.nn.Dropout;
import dev.striate.nn.Flatten;
import dev.striate.nn.Linear;
import dev.striate.nn.Sequential;
import dev.striate.optim.Adam;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is in a checkpoint's file, and files that are none. */
class CheckpointTest {

    private static final String DIGEST = "striate.checkpoint_sha256";

    private static final Device DEVICE = Device.cpu(1);

    @TempDir
    private Path directory;

    private Path file;

    /** Of a training that was interrupted in its second epoch. */
    @BeforeEach
    void write() {
        file = directory.resolve("checkpoint.safetensors");
        StopSwitch stop = new StopSwitch();
        try (Sequential net = net();
                Adam adam = new Adam(net.parameters(), 0.01f)) {
            Trainer.of(net, adam, DEVICE)
                    .listener(new CheckpointWriter(file, Map.of("model", "net", "classes", "[\"a\"]")))
                    .listener(new TrainingListener() {
                        @Override
                        public void onBatch(BatchEnd batch) {
                            if (batch.epoch() == 2 && batch.step() == 2) {
                                stop.request();
                            }
                        }
                    })
                    .listener(stop)
                    .fit(DataLoader.of(TinyDigits.test(), 64).shuffle(9), DataLoader.of(TinyDigits.test(), 64), 5);
        }
    }

    @Test
    void tensorsHaveTheModelsNamesAndTheOptimisersPrefix() {
        Map<String, Tensor> tensors = Safetensors.read(file, DEVICE);
        assertEquals(
                List.of(
                        "norm.weight",
                        "norm.bias",
                        "fc.weight",
                        "fc.bias",
                        "norm.running_mean",
                        "norm.running_var",
                        "optimizer.adam.m.norm.weight",
                        "optimizer.adam.m.norm.bias",
                        "optimizer.adam.m.fc.weight",
                        "optimizer.adam.m.fc.bias",
                        "optimizer.adam.v.norm.weight",
                        "optimizer.adam.v.norm.bias",
                        "optimizer.adam.v.fc.weight",
                        "optimizer.adam.v.fc.bias",
                        "trainer.losses",
                        "trainer.learning_rates"),
                List.copyOf(tensors.keySet()));
        tensors.values().forEach(Tensor::close);
    }

    @Test
    void theRestIsText() {
        Map<String, String> all = Safetensors.readMetadata(file);
        assertEquals("net", all.get("model"));
        assertEquals("2", all.get("striate.epoch"));
        assertEquals("2", all.get("striate.step"));
        assertEquals("128", all.get("striate.images"));
        assertEquals("6", all.get("striate.optimizer_steps"));
        for (String parameter : List.of("norm.weight", "norm.bias", "fc.weight", "fc.bias")) {
            assertEquals("6", all.get("striate.optimizer_steps." + parameter), parameter);
        }
        assertEquals("0.01", all.get("striate.learning_rate"));
        assertEquals("-3/8", all.get("striate.generator.drop.generator"), "two draws for weights, one a step");
        assertEquals("9", all.get("striate.loader.seed"));
        assertEquals("1", all.get("striate.loader.epoch"));
        assertEquals(
                Map.of("model", "net", "classes", "[\"a\"]"),
                Checkpoint.read(file).metadata());
    }

    /** In weights, running statistics or the optimiser's state, whether the model is loaded or the training resumed. */
    @Test
    void damageToAnyTensorIsNoticed() throws IOException {
        byte[] whole = Files.readAllBytes(file);
        int headerEnd = Long.BYTES
                + (int) ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
        try (Sequential net = net();
                Adam adam = new Adam(net.parameters(), 0.01f)) {
            Trainer trainer = Trainer.of(net, adam, DEVICE);
            for (int at = headerEnd; at < whole.length; at += 13) {
                byte[] damaged = whole.clone();
                damaged[at] ^= (byte) (1 << at % 8);
                Files.write(file, damaged);
                StriateException e = assertThrows(StriateException.class, () -> net.load(file), "byte " + at);
                assertTrue(
                        e.getMessage().startsWith(file + " is damaged: the SHA-256 of its tensors is "),
                        e.getMessage());
            }
            Map<String, float[]> before = values(net);
            Checkpoint checkpoint = Checkpoint.read(file);
            StriateException e = assertThrows(
                    StriateException.class,
                    () -> trainer.resume(checkpoint)
                            .fit(
                                    DataLoader.of(TinyDigits.test(), 64).shuffle(9),
                                    DataLoader.of(TinyDigits.test(), 64),
                                    5));
            assertTrue(e.getMessage().startsWith(file + " is damaged: "), e.getMessage());
            assertEquals(0, adam.steps());
            values(net).forEach((name, values) -> assertArrayEquals(before.get(name), values, name));
        }
    }

    private static Map<String, float[]> values(Sequential net) {
        Map<String, float[]> values = new LinkedHashMap<>();
        net.state().forEach((name, tensor) -> values.put(name, tensor.toFloatArray()));
        return values;
    }

    private static Sequential net() {
        Sequential net = Sequential.builder()
                .add("norm", new BatchNorm2d(1))
                .add("flatten", new Flatten())
                .add("drop", new Dropout(0.1f))
                .add("fc", new Linear(64, 10))
                .build();
        net.initialize(DEVICE, new Generator(-3));
        return net;
    }

    @Test
    void theFirstVersionIsRead() {
        Map<String, String> texts = new LinkedHashMap<>(Safetensors.readMetadata(file));
        texts.put("striate.checkpoint", "1");
        texts.remove(DIGEST);
        texts.put("striate.history", "[{\"epoch\":1,\"epochs\":5,\"test_loss\":0.5,\"test_confusion\":[[3,1],[0,0]]}]");
        Safetensors.write(file, Map.of(), texts);
        Checkpoint checkpoint = Checkpoint.read(file);
        assertEquals("in epoch 2 after step 2 of 4", checkpoint.inWords());
        assertEquals(0.75, checkpoint.history().get(0).validationAccuracy());
    }

    /** A digit of a step count, for instance, would change the training and nothing else. */
    @Test
    void damageToAnyTextIsNoticed() {
        Map<String, String> good = Safetensors.readMetadata(file);
        for (String key : good.keySet()) {
            if (key.startsWith("striate.") && !key.equals(DIGEST) && !key.equals("striate.checkpoint")) {
                String value = good.get(key);
                int at = value.length() / 2;
                char flipped = (char) (value.charAt(at) ^ 1);
                refuse(good, key, value.substring(0, at) + flipped + value.substring(at + 1));
                refuse(good, key, null);
            }
        }
        refuse(good, "striate.optimizer_steps.more", "6");
    }

    private void refuse(Map<String, String> good, String key, String value) {
        Map<String, String> changed = new LinkedHashMap<>(good);
        changed.remove(key);
        if (value != null) {
            changed.put(key, value);
        }
        Safetensors.write(file, Map.of(), changed);
        StriateException e = assertThrows(StriateException.class, () -> Checkpoint.read(file), key);
        assertTrue(e.getMessage().startsWith(file + " is damaged: the SHA-256 of its metadata"), e.getMessage());
    }

    /** Each text is replaced by what it cannot be, and then left out. */
    @Test
    void damagedTextsAreNamed() {
        Map<String, String> good = new LinkedHashMap<>(Safetensors.readMetadata(file));
        good.remove(DIGEST);
        List<String> numbers = List.of(
                "epoch",
                "step",
                "images",
                "correct",
                "seconds",
                "learning_rate",
                "optimizer_steps",
                "loader.epoch",
                "loader.images",
                "loader.batch_size",
                "test_loader.epoch");
        for (String key : numbers) {
            for (String value : List.of("", "x", "-1", "1e999", "NaN", "99999999999999999999".repeat(30))) {
                assertDamaged(good, "striate." + key, value, false);
            }
            assertDamaged(good, "striate." + key, null, false);
        }
        for (String value : List.of("", "x", "1e999", "NaN")) {
            assertDamaged(good, "striate.loss_sum", value, false);
        }
        assertDamaged(good, "striate.loss_sum", null, false);
        for (String key : List.of("epoch", "step", "images", "correct", "loader.epoch")) {
            assertDamaged(good, "striate." + key, "2147483647", false);
        }
        for (String value : List.of("", "x", "-1", "1.5")) {
            assertDamaged(good, "striate.optimizer_steps.fc.bias", value, false);
            assertDamaged(good, "striate.loader.drops_last", value, false);
        }
        assertDamaged(good, "striate.history", "[", false);
        assertDamaged(good, "striate.history", "[{\"epoch\":1,\"epochs\":\"x\"}]", false);
        assertDamaged(good, "striate.history", "[]", true);
        assertDamaged(good, "striate.history", null, false);
        assertDamaged(good, "striate.generator.drop.generator", "5", false);
        assertDamaged(good, "striate.generator.drop.generator", "5/x", false);
        assertDamaged(good, "striate.checkpoint", "4", false);
    }

    private void assertDamaged(Map<String, String> good, String key, String value, boolean anotherIsBlamed) {
        Map<String, String> changed = new LinkedHashMap<>(good);
        if (value == null) {
            changed.remove(key);
        } else {
            changed.put(key, value);
        }
        Safetensors.write(file, Map.of(), changed);
        StriateException e =
                assertThrows(StriateException.class, () -> Checkpoint.read(file), () -> key + " = " + value);
        String start = file + " is a damaged checkpoint: ";
        assertTrue(
                e.getMessage().startsWith(start)
                        && (anotherIsBlamed || e.getMessage().contains(key)),
                e.getMessage());
        assertTrue(e.getMessage().length() < 400, e.getMessage());
    }
}
