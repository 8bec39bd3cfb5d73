package dev.striate.plot;

import static dev.striate.WindowOption.padding;
import static dev.striate.WindowOption.stride;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.NoGrad;
import dev.striate.Scope;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.data.DataLoader;
import dev.striate.data.Dataset;
import dev.striate.nn.Block;
import dev.striate.nn.Conv2d;
import dev.striate.nn.Dropout;
import dev.striate.nn.Flatten;
import dev.striate.nn.Linear;
import dev.striate.nn.MaxPool2d;
import dev.striate.nn.Relu;
import dev.striate.nn.ResidualBlock;
import dev.striate.nn.Sequential;
import dev.striate.plot.ExcitingPatches.Patch;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a network makes of an image, and which images excite it. */
class InspectionTest {

    private static final Device DEVICE = Device.reference();

    /** Dark images of 8x8 pixels with one bright pixel each. */
    private record Stars(float[] brightness, int[] row, int[] column) implements Dataset {

        @Override
        public int size() {
            return brightness.length;
        }

        @Override
        public Shape imageShape() {
            return Shape.of(1, 8, 8);
        }

        @Override
        public int classes() {
            return 1;
        }

        @Override
        public List<String> classNames() {
            return List.of("star");
        }

        @Override
        public void read(int index, float[] target, int offset) {
            Arrays.fill(target, offset, offset + 64, 0);
            target[offset + 8 * row[index] + column[index]] = brightness[index];
        }

        @Override
        public int label(int index) {
            return 0;
        }
    }

    private static final Stars STARS =
            new Stars(new float[] {0.2f, 0.8f, 0.6f, 0.8f, 0.4f}, new int[] {1, 2, 3, 0, 7}, new int[] {1, 6, 3, 0, 2});

    /** A map that answers to a bright pixel in the middle of its window, and one that answers to dark ones. */
    private static Sequential starFinder(Block... rest) {
        Block[] blocks = new Block[rest.length + 1];
        blocks[0] = new Conv2d(1, 2, 3, padding(1)).bias(false);
        System.arraycopy(rest, 0, blocks, 1, rest.length);
        Sequential model = new Sequential(blocks).initialize(DEVICE, new Generator(1));
        float[] weight = new float[18];
        weight[4] = 2;
        weight[13] = -1;
        assign(model, weight);
        return model;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void thePatchesThatExciteAMapMostAreFoundInOrder(int batchSize) {
        int before = DEVICE.memory().liveBuffers();
        try (Sequential model = starFinder(new Relu())) {
            model.blocks().get("1").eval();
            ExcitingPatches patches = new ExcitingPatches(model, "0", DataLoader.of(STARS, batchSize), DEVICE, 3);
            // Of two that are alike, the earlier image comes first.
            assertEquals(
                    List.of(new Patch(1.6f, 1, 2, 6), new Patch(1.6f, 3, 0, 0), new Patch(1.2f, 2, 3, 3)),
                    patches.patches().get(0));
            // All images are dark somewhere; the first such place is taken.
            assertEquals(
                    List.of(0, 1, 2),
                    patches.patches().get(1).stream().map(Patch::image).toList());
            assertTrue(model.isTraining() && !model.blocks().get("1").isTraining());
        }
        assertEquals(before, DEVICE.memory().liveBuffers());
    }

    @Test
    void aPatchIsWhatTheUnitSees() {
        try (Sequential model = new Sequential(new Conv2d(1, 1, 3, stride(2), padding(1)).bias(false))) {
            model.initialize(DEVICE, new Generator(1));
            float[] weight = new float[9];
            weight[4] = 1;
            assign(model, weight);
            Stars corner = new Stars(new float[] {0.6f}, new int[] {0}, new int[] {4});
            ExcitingPatches patches = new ExcitingPatches(model, "0", DataLoader.of(corner, 1), DEVICE, 4);
            assertEquals(List.of(List.of(new Patch(0.6f, 0, 0, 2))), patches.patches());
            // Unit (0, 2) sees rows -1 to 1 and columns 3 to 5: three pixels outside, one bright, five dark; 37 pixels
            // per pixel.
            BufferedImage image = patches.draw();
            int pixel = 37 * 37;
            assertEquals(3 * pixel, count(image, Palette.OUTSIDE));
            assertEquals(pixel, count(image, new Color(153, 153, 153)), 200);
            assertTrue(count(image, Color.BLACK) >= 5 * pixel);
        }
    }

    @Test
    void ofAFieldLargerThanTheImageTheImageIsShown() {
        try (Sequential model = new Sequential(new Conv2d(1, 1, 7, padding(3)), new Conv2d(1, 70, 7, padding(3)))) {
            model.initialize(DEVICE, new Generator(1));
            ExcitingPatches patches = new ExcitingPatches(model, "1", DataLoader.of(STARS, 2), DEVICE, 10);
            assertEquals(64, patches.patches().size());
            assertEquals(5, patches.patches().get(0).size());
            assertEquals(0, count(patches.draw(), Palette.OUTSIDE));
        }
    }

    @Test
    void nothingIsComputedBehindTheLayer() {
        Block never = new Block() {
            @Override
            protected Tensor compute(Tensor x) {
                throw new AssertionError("reached");
            }

            @Override
            protected Shape shapeRule(Shape input) {
                return input;
            }
        };
        try (Sequential model = starFinder(never)) {
            assertEquals(
                    2,
                    new ExcitingPatches(model, "0", DataLoader.of(STARS, 2), DEVICE, 1)
                            .patches()
                            .size());
        }
    }

    @Test
    void layersThatHaveNoPatchesAreRefused() {
        try (Sequential model = starFinder(new Flatten(), new Linear(128, 1))) {
            DataLoader loader = DataLoader.of(STARS, 2);
            StriateException unknown =
                    assertThrows(StriateException.class, () -> new ExcitingPatches(model, "conv9", loader, DEVICE, 1));
            assertTrue(unknown.getMessage().contains("[0, 1, 2]"), unknown.getMessage());
            assertThrows(StriateException.class, () -> new ExcitingPatches(model, "2", loader, DEVICE, 1));
            assertThrows(StriateException.class, () -> new ExcitingPatches(model, "0", loader, DEVICE, 0));
        }
    }

    @Test
    void featureMapsShowEveryLayerOfImagesAndTheProbabilities() {
        int before = DEVICE.memory().liveBuffers();
        try (Sequential model = starFinder(
                        new Relu(),
                        new MaxPool2d(2),
                        new ResidualBlock(2, 2, 1),
                        new Dropout(0.5f),
                        new Conv2d(2, 2, 4),
                        new Flatten(),
                        new Linear(2, 3));
                Tensor x = Tensor.randn(DEVICE, new Generator(3), 1, 1, 8, 8)) {
            model.blocks().get("3.bn1").eval();
            FeatureMaps maps = new FeatureMaps(model, x, List.of("a", "b", "c"));
            assertEquals(
                    List.of("Input", "0", "1", "2", "3.conv1", "3.bn1", "3.relu", "3.conv2", "3.bn2", "3", "5"),
                    maps.layers());
            assertTrue(model.isTraining() && !model.blocks().get("3.bn1").isTraining());
            float[] logits;
            model.eval();
            try (NoGrad off = NoGrad.open();
                    Scope scope = Scope.open()) {
                logits = model.forward(x).toFloatArray();
            }
            double[] probabilities = maps.probabilities();
            assertEquals(1, Arrays.stream(probabilities).sum(), 1e-12);
            assertEquals(Math.exp(logits[1] - logits[0]), probabilities[1] / probabilities[0], 1e-6);
            BufferedImage image = maps.draw();
            assertTrue(image.getHeight() > 1000);
            assertTrue(count(image, Palette.BLUE) > 0);
        }
        assertEquals(before, DEVICE.memory().liveBuffers());
    }

    @Test
    void aMapReachesFromBlackToWhiteAndADeadOneIsGrey() {
        try (Sequential model = starFinder(new Relu(), new Flatten(), new Linear(128, 1));
                Tensor star = Tensor.zeros(DEVICE, 1, 1, 8, 8)) {
            float[] pixels = new float[64];
            pixels[27] = 0.1f;
            star.assign(pixels);
            BufferedImage image = new FeatureMaps(model, star, List.of("star")).draw();
            // 8 of 128 pixels each: the input, the first map of both layers, and the second map's dark ground turned
            // white.
            int pixel = 16 * 16;
            assertTrue(count(image, Color.BLACK) >= 3 * 63 * pixel);
            // The second map is below 0 at the star and 0 elsewhere: nothing is left of it behind the ReLU.
            assertTrue(count(image, new Color(128, 128, 128)) >= 64 * pixel);
        }
    }

    @Test
    void anotherNumberOfImagesOrNamesIsRefused() {
        try (Sequential model = starFinder(new Flatten(), new Linear(128, 3));
                Tensor two = Tensor.zeros(DEVICE, 2, 1, 8, 8);
                Tensor one = Tensor.zeros(DEVICE, 1, 1, 8, 8)) {
            assertThrows(StriateException.class, () -> new FeatureMaps(model, two, List.of("a", "b", "c")));
            assertThrows(StriateException.class, () -> new FeatureMaps(model, one, List.of("a", "b")));
        }
    }

    private static void assign(Sequential model, float[] weight) {
        try (NoGrad off = NoGrad.open()) {
            model.parameters().get("0.weight").assign(weight);
        }
    }

    private static int count(BufferedImage image, Color color) {
        int[] pixels = image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
        return (int)
                Arrays.stream(pixels).filter(pixel -> pixel == color.getRGB()).count();
    }
}
