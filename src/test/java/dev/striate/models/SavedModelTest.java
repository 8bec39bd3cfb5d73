package dev.striate.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Cost;
import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.io.Image;
import dev.striate.nn.Sequential;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SavedModelTest {

    private static final ModelDescription DESCRIPTION = new ModelDescription(
            Architecture.CIFAR_SIMPLE,
            "pets",
            List.of("cat", "a \"dog\", said", "Flußpferd"),
            2,
            List.of(0.1f, -0.25f, 1e-9f),
            List.of(0.3f, 1f, 3e8f));

    @TempDir
    private Path directory;

    @Test
    void comesBackAsItWas() {
        Path file = directory.resolve("model.safetensors");
        try (Sequential model = CifarCnn.create(3).initialize(Device.cpu(), new Generator(5))) {
            model.save(file, DESCRIPTION.toMetadata());
            try (SavedModel saved = SavedModel.open(file, Device.cpu())) {
                assertEquals("cifar-simple", saved.name());
                assertEquals(DESCRIPTION, saved.description());
                assertFalse(saved.model().isTraining());
                Map<String, Tensor> expected = model.parameters();
                saved.model()
                        .parameters()
                        .forEach((name, tensor) ->
                                assertArrayEquals(expected.get(name).toFloatArray(), tensor.toFloatArray(), name));
            }
        }
    }

    @Test
    void anEntryOfSomebodyElsesIsIgnored() {
        Map<String, String> metadata = new LinkedHashMap<>(DESCRIPTION.toMetadata());
        metadata.put("format", "pt");
        assertEquals(DESCRIPTION, ModelDescription.of(metadata));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "model.architecture=vgg",
                "model.classes=[",
                "model.classes=[]",
                "model.classes=[[\"a\"]]",
                "model.classes={}",
                "model.border=-1",
                "model.border=16",
                "model.border=x",
                "model.border=1073741823",
                "model.border=1073741824",
                "model.border=1610612736",
                "model.border=2147483647",
                "model.classes=[\"a\"] 1",
                "model.mean=[0,0,0,0]",
                "model.mean=[0.1]",
                "model.mean=[0,0,\"NaN\"]",
                "model.deviation=[1,1,0]",
                "model.deviation=[1,1,\"Infinity\"]"
            })
    void whatMakesNoSenseIsRefused(String change) {
        Map<String, String> metadata = new LinkedHashMap<>(DESCRIPTION.toMetadata());
        metadata.put(change.replaceAll("=.*", ""), change.replaceAll("^[^=]*=", ""));
        assertThrows(StriateException.class, () -> ModelDescription.of(metadata));
    }

    /** Two columns are cut off, the rest stands in a border of two pixels and is normalised along with that. */
    @Test
    void aPictureIsBroughtToTheNetworksInput() {
        byte[] pixels = new byte[28 * 30];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (i % 30);
        }
        ModelDescription mnist = new ModelDescription(
                Architecture.LENET5_MODERN, "mnist", List.of("0", "1"), 2, List.of(0.5f), List.of(0.25f));
        float[] values = mnist.prepare(new Image(pixels, Shape.of(1, 28, 30)));
        assertEquals(32 * 32, values.length);
        for (int y = 0; y < 32; y++) {
            for (int x = 0; x < 32; x++) {
                boolean inside = y >= 2 && y < 30 && x >= 2 && x < 30;
                float pixel = inside ? (x - 1) / 255f : 0;
                assertEquals((pixel - 0.5f) / 0.25f, values[y * 32 + x], y + ", " + x);
            }
        }
        byte[] negative = new Image(pixels, Shape.of(1, 28, 30)).negative().pixels();
        assertEquals(255 - 29, negative[29] & 0xFF);
    }

    @Test
    void bareWeightsAreNotEnough() {
        StriateException error = refusal(metadata -> metadata.clear());
        assertTrue(error.getMessage().contains("weights.safetensors"), error.getMessage());
        assertTrue(error.getMessage().contains("call its load method"), error.getMessage());
    }

    @Test
    void weightsMustFitTheClasses() {
        StriateException error = refusal(metadata -> metadata.put("model.classes", "[\"cat\",\"dog\"]"));
        assertTrue(error.getMessage().contains("fc2.weight"), error.getMessage());
    }

    /** Neither the names nor the network of five million classes are made before the file's size is looked at. */
    @Test
    void classesWithoutWeightsTakeNoMemory() {
        StriateException[] error = new StriateException[1];
        Path file = directory.resolve("weights.safetensors");
        Map<String, String> metadata = new LinkedHashMap<>(DESCRIPTION.toMetadata());
        metadata.put("model.classes", "[0" + ",0".repeat(5_000_000 - 1) + "]");
        try (Sequential model = CifarCnn.create(3).initialize(Device.cpu(), new Generator(5))) {
            model.save(file, metadata);
        }
        long allocated = Cost.bytes(() ->
                error[0] = assertThrows(StriateException.class, () -> SavedModel.open(file, Device.cpu())));
        String message = error[0].getMessage();
        assertTrue(
                message.startsWith(file + ": the model's description cannot be read: model.classes has more than "),
                message);
        assertTrue(allocated < 20 * 10_000_000, allocated + " bytes");
    }

    @Test
    void elementsAreCountedBeforeTheyAreAllocated() {
        for (Architecture architecture : Architecture.values()) {
            try (Sequential model = architecture.create(7)) {
                long counted = model.stateElements();
                model.initialize(Device.cpu(), new Generator(1));
                assertEquals(
                        model.state().values().stream()
                                .mapToLong(tensor -> tensor.shape().elements())
                                .sum(),
                        counted,
                        architecture.toString());
                assertEquals(7, architecture.mostClasses(counted));
                assertEquals(6, architecture.mostClasses(counted - 1));
            }
        }
    }

    /** The message tells where and what, without what would flood or confuse a terminal. */
    @Test
    void messagesAreShort() {
        for (String key : DESCRIPTION.toMetadata().keySet()) {
            for (String value :
                    List.of("\u001b[31m".repeat(100_000), "[" + "1".repeat(100_000), "[\"" + "x".repeat(100_000))) {
                if (!key.equals("model.dataset")) {
                    String message =
                            refusal(metadata -> metadata.put(key, value)).getMessage();
                    assertTrue(message.length() < 500 && message.indexOf('\u001b') < 0, message);
                }
            }
        }
    }

    private StriateException refusal(Consumer<Map<String, String>> change) {
        Path file = directory.resolve("weights.safetensors");
        Map<String, String> metadata = new LinkedHashMap<>(DESCRIPTION.toMetadata());
        change.accept(metadata);
        try (Sequential model = CifarCnn.create(3).initialize(Device.cpu(), new Generator(5))) {
            model.save(file, metadata);
        }
        return assertThrows(StriateException.class, () -> SavedModel.open(file, Device.cpu()));
    }
}
