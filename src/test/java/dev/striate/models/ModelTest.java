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
import dev.striate.data.Normalize;
import dev.striate.io.Image;
import dev.striate.nn.Block;
import dev.striate.nn.Conv2d;
import dev.striate.nn.Flatten;
import dev.striate.nn.Linear;
import dev.striate.nn.Relu;
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

class ModelTest {

    private static final NetworkBuilder CIFAR = Networks.named("cifar-simple");

    private static final ModelDescription DESCRIPTION = ModelDescription.of(
                    CIFAR, List.of("cat", "a \"dog\", said", "Flußpferd"))
            .withDataset("pets")
            .withBorder(2)
            .withNormalize(new Normalize(new float[] {0.1f, -0.25f, 1e-9f}, new float[] {0.3f, 1f, 3e8f}));

    @TempDir
    private Path directory;

    @Test
    void comesBackAsItWas() {
        Path file = directory.resolve("model.safetensors");
        try (Sequential model = CifarCnn.create(3).initialize(Device.cpu(), new Generator(5))) {
            model.save(file, DESCRIPTION.toMetadata());
            try (Model saved = Model.load(file, Device.cpu())) {
                assertEquals("cifar-simple", saved.name());
                assertEquals(DESCRIPTION, saved.description());
                assertFalse(saved.network().isTraining());
                Map<String, Tensor> expected = model.parameters();
                saved.network()
                        .parameters()
                        .forEach((name, tensor) ->
                                assertArrayEquals(expected.get(name).toFloatArray(), tensor.toFloatArray(), name));
            }
        }
    }

    @Test
    void anEntryOfSomebodyElsesIsKept() {
        Map<String, String> metadata = new LinkedHashMap<>(DESCRIPTION.toMetadata());
        metadata.put("format", "pt");
        assertEquals(DESCRIPTION.withMetadata("format", "pt"), ModelDescription.of(metadata));
        assertThrows(StriateException.class, () -> DESCRIPTION.withMetadata("model.border", "3"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "model.classes=[",
                "model.classes=[[\"a\"]]",
                "model.classes={}",
                "model.border=-1",
                "model.border=16",
                "model.border=x",
                "model.input=[3,32]",
                "model.input=[3,0,32]",
                "model.settings={\"classes\":3}",
                "model.settings=[]",
                "model.structure={}",
                "model.structure={\"type\":\"Sequential\"} 1",
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
        ModelDescription mnist = ModelDescription.of(Networks.named("lenet5-modern"), List.of("0", "1"))
                .withBorder(2)
                .withNormalize(new Normalize(0.5f, 0.25f));
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
    void anUnknownNetworkIsNamed() {
        StriateException error = refusal(metadata -> metadata.put("model.architecture", "vgg"));
        assertTrue(error.getMessage().contains("there is no network \"vgg\"; there are [mlp, "), error.getMessage());
        assertTrue(error.getMessage().contains("--classpath"), error.getMessage());
    }

    /** As written before files had settings and input. */
    @Test
    void olderFilesCanBeRead() {
        Map<String, String> metadata = new LinkedHashMap<>(DESCRIPTION.toMetadata());
        metadata.keySet().removeAll(List.of("model.settings", "model.input"));
        assertEquals(DESCRIPTION, ModelDescription.of(metadata));
    }

    @Test
    void aNetworkOfKnownLayersNeedsNoBuilder() {
        Path file = directory.resolve("own.safetensors");
        Image picture = new Image(new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9}, Shape.of(1, 3, 3));
        try (Sequential network = new Sequential(new Conv2d(1, 2, 2), new Relu(), new Flatten(), new Linear(8, 3))
                .initialize(Device.cpu(), new Generator(1))) {
            ModelDescription description =
                    ModelDescription.of(network, Shape.of(1, 3, 3)).withMetadata("author", "me");
            description.save(network, file);
            try (Model model = Model.load(file, Device.cpu());
                    Tensor x = picture.toTensor(Device.cpu());
                    Tensor logits = network.forward(x);
                    Tensor softmax = logits.softmax(1)) {
                assertEquals(description, model.description());
                assertEquals("Sequential", model.name());
                Prediction prediction = model.predict(picture);
                float[] expected = softmax.toFloatArray();
                int best = prediction.best().label();
                assertEquals(Integer.toString(best), prediction.className());
                assertEquals(expected[best], prediction.probability());
                assertEquals(3, prediction.top(5).size());
                for (Prediction.Candidate candidate : prediction.ranking()) {
                    assertEquals(expected[candidate.label()], candidate.probability());
                    assertTrue(candidate.probability() <= prediction.probability());
                }
            }
        }
    }

    @Test
    void aGivenBuilderBuildsTheNetwork() {
        Path file = directory.resolve("own.safetensors");
        NetworkBuilder builder = NetworkBuilder.ofClasses(
                "mine", Shape.of(1, 2, 2), classes -> new Sequential(new Flatten(), new Linear(4, classes)));
        try (Block network = builder.build(2).initialize(Device.cpu(), new Generator(1))) {
            ModelDescription.of(builder, List.of("a", "b")).save(network, file);
        }
        assertThrows(StriateException.class, () -> Model.load(file, Device.cpu()));
        try (Model model = Model.load(file, Device.cpu(), builder)) {
            assertEquals(List.of("a", "b"), model.classNames());
            assertEquals("mine", model.name());
        }
    }

    @Test
    void lazyLayersTakeTheirSizesFromTheInputOfTheDescription() {
        Path file = directory.resolve("lazy.safetensors");
        NetworkBuilder builder = NetworkBuilder.ofClasses(
                "mine", Shape.of(1, 2, 2), classes -> new Sequential(new Flatten(), Linear.lazy(classes)));
        ModelDescription description = ModelDescription.of(builder, List.of("a", "b"));
        try (Block network = builder.build(2).initialize(Device.cpu(), new Generator(1), description.batch(1))) {
            description.save(network, file);
            try (Model model = Model.load(file, Device.cpu(), builder)) {
                assertArrayEquals(
                        network.parameters().get("1.weight").toFloatArray(),
                        model.network().parameters().get("1.weight").toFloatArray());
            }
        }
    }

    /** A network without a shape rule has to be run to know its output. */
    @Test
    void theOutputIsCheckedOnlyIfClassesHaveNames() {
        Path file = directory.resolve("own.safetensors");
        NetworkBuilder builder = NetworkBuilder.ofClasses("mine", Shape.of(1, 2, 2), classes -> new Block() {
            private final Linear head = addChild("head", new Linear(4, classes));

            @Override
            protected Tensor compute(Tensor x) {
                throw new StriateException(head + " is not for use");
            }
        });
        ModelDescription description = ModelDescription.of(builder, Map.of(NetworkBuilder.CLASSES, "2"));
        try (Block network = builder.build(2).initialize(Device.cpu(), new Generator(1))) {
            description.save(network, file);
            Model.load(file, Device.cpu(), builder).close();
            description.withClassNames(List.of("a", "b")).save(network, file);
        }
        StriateException error = assertThrows(StriateException.class, () -> Model.load(file, Device.cpu(), builder));
        assertEquals("Linear(4, 2) is not for use", error.getMessage());
    }

    @Test
    void weightsMustFitTheClasses() {
        StriateException error = refusal(metadata -> metadata.put("model.classes", "[\"cat\",\"dog\"]"));
        assertTrue(
                error.getMessage()
                        .endsWith(" has names for 2 classes, but cifar-simple returns (1, 3) for one picture"),
                error.getMessage());
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
        long allocated =
                Cost.bytes(() -> error[0] = assertThrows(StriateException.class, () -> Model.load(file, Device.cpu())));
        String message = error[0].getMessage();
        assertTrue(
                message.startsWith(file + ": the model's description cannot be read: model.classes has more than "),
                message);
        assertTrue(allocated < 20 * 10_000_000, allocated + " bytes");
    }

    @Test
    void elementsAreCountedBeforeTheyAreAllocated() {
        for (NetworkBuilder builder : NetworksTest.builtIn()) {
            try (Block model = builder.build(7)) {
                long counted = model.stateElements();
                model.initialize(Device.cpu(), new Generator(1));
                assertEquals(
                        model.state().values().stream()
                                .mapToLong(tensor -> tensor.shape().elements())
                                .sum(),
                        counted,
                        builder.name());
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
        return assertThrows(StriateException.class, () -> Model.load(file, Device.cpu()));
    }
}
