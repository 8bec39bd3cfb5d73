package dev.striate.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.StriateException;
import dev.striate.io.Image;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DatasetsTest {

    /** Against the definition, with what is around the target left alone. */
    @Test
    void padPutsZerosAround() {
        for (int border = 0; border < 4; border++) {
            Dataset source = images(2, 2, 3, 4);
            Dataset padded = Datasets.pad(source, border);
            int height = 3 + 2 * border;
            int width = 4 + 2 * border;
            assertEquals(Shape.of(2, height, width), padded.imageShape());
            float[] from = new float[24];
            float[] to = new float[2 * height * width + 2];
            for (int n = 0; n < 2; n++) {
                source.read(n, from, 0);
                Arrays.fill(to, -1);
                padded.read(n, to, 1);
                for (int i = 0; i < to.length; i++) {
                    int x = (i - 1) % width - border;
                    int y = (i - 1) / width % height - border;
                    int c = (i - 1) / width / height;
                    boolean inside = x >= 0 && x < 4 && y >= 0 && y < 3;
                    float expected = i == 0 || i == to.length - 1 ? -1 : inside ? from[(c * 3 + y) * 4 + x] : 0;
                    assertEquals(expected, to[i], "border " + border + ", place " + i);
                }
                assertEquals(source.label(n), padded.label(n));
            }
        }
        assertThrows(StriateException.class, () -> Datasets.pad(images(1, 1, 1, 1), -1));
        for (int border : new int[] {1 << 30, Integer.MAX_VALUE}) {
            assertEquals(
                    "Datasets.pad: a border of " + border
                            + " pixels around images of (1, 2, 3) makes sides of 2^31 pixels" + " or more",
                    assertThrows(StriateException.class, () -> Datasets.pad(images(1, 1, 2, 3), border))
                            .getMessage());
        }
        assertThrows(ShapeException.class, () -> Datasets.pad(images(1, 1, 1, 1), 1 << 29));
    }

    @Test
    void resizeIsThatOfImages() {
        Dataset source = images(3, 1, 5, 7);
        Dataset resized = Datasets.resize(source, 9, 4);
        assertEquals(Shape.of(1, 9, 4), resized.imageShape());
        for (int n = 0; n < 3; n++) {
            byte[] bytes = new byte[35];
            for (int i = 0; i < 35; i++) {
                bytes[i] = pixel(n * 35 + i);
            }
            float[] found = new float[36];
            resized.read(n, found, 0);
            assertArrayEquals(new Image(bytes, source.imageShape()).resize(9, 4).toFloats(), found);
            assertEquals(source.label(n), resized.label(n));
        }
    }

    @Test
    void resizeTakesValuesFromZeroToOne() {
        assertEquals(
                Shape.of(1, 32, 32), Datasets.resize(TinyDigits.test(), 32, 32).imageShape());
        assertEquals(
                "Datasets.resize: image 0 has the value 2.0, expected 0 .. 1",
                assertThrows(StriateException.class, () -> Datasets.resize(new CountingImages(2), 3, 3))
                        .getMessage());
        assertThrows(ShapeException.class, () -> Datasets.resize(images(1, 1, 2, 2), 0, 3));
        assertThrows(StriateException.class, () -> Datasets.resize(images(2, 1, 2, 2), 40_000, 40_000));
    }

    @Test
    void subsetTakesTheFirstOfEachClassInProportion() {
        // Classes 0 to 2 have 4, 2 and 1 images.
        Dataset source = new ByteImages(
                new byte[] {0, 1, 2, 3, 4, 5, 6},
                new int[] {1, 0, 0, 2, 0, 0, 1},
                Shape.of(1, 1, 1),
                1,
                List.of("a", "b", "c"));
        // 5/7 of 4, 2 and 1 are 2.86, 1.43 and 0.71.
        assertArrayEquals(new float[] {0, 1, 2, 3, 4}, values(Datasets.subset(source, 5)));
        // 1/7 of them 0.57, 0.29, 0.14.
        assertArrayEquals(new float[] {1}, values(Datasets.subset(source, 1)));
        assertArrayEquals(new float[] {0, 1, 2, 3, 4, 5, 6}, values(Datasets.subset(source, 7)));
        Dataset subset = Datasets.subset(source, 5);
        assertEquals(
                List.of(1, 0, 0, 2, 0),
                List.of(subset.label(0), subset.label(1), subset.label(2), subset.label(3), subset.label(4)));
        assertEquals(3, subset.classes());
        assertThrows(StriateException.class, () -> Datasets.subset(source, 0));
        assertThrows(StriateException.class, () -> Datasets.subset(source, 8));
    }

    /** Resumed runs split again, so the choice is part of the contract. */
    @Test
    void theChoiceOfASplitIsFixed() {
        Dataset source = new Numbered(new int[] {0, 0, 1, 0, 0, 1, 0, 1, 0, 0}, 2);
        // The permutation of the seed starts with 0, 4, 6, 7. Class 0 has two places, class 1 one.
        Parts<Dataset> parts = Datasets.split(source, 0.3, 11);
        assertArrayEquals(new int[] {0, 4, 7}, numbers(parts.second()));
        assertArrayEquals(new int[] {1, 2, 3, 5, 6, 8, 9}, numbers(parts.first()));
        Parts<TargetDataset> targets = Datasets.split(new CountingTargets(6, Shape.of(2)), 0.5, 11);
        assertArrayEquals(new int[] {0, 1, 4}, numbers(targets.second()));
        assertArrayEquals(new int[] {2, 3, 5}, numbers(targets.first()));
    }

    @Test
    void partsOfASplitAreStratifiedAndDisjoint() {
        // Of 500, 300 and 200 images, 0.137 is 68.5, 41.1 and 27.4.
        int[] labels = new int[1000];
        Arrays.setAll(labels, i -> i % 10 < 5 ? 0 : i % 10 < 8 ? 1 : 2);
        Dataset source = new Numbered(labels, 3);
        Set<List<Integer>> seen = new HashSet<>();
        int[] chosen = new int[1000];
        for (int seed = 0; seed < 200; seed++) {
            Parts<Dataset> parts = Datasets.split(source, 0.137, seed);
            int[] first = numbers(parts.first());
            int[] second = numbers(parts.second());
            assertEquals(137, second.length);
            assertArrayEquals(Arrays.stream(first).sorted().toArray(), first);
            assertArrayEquals(Arrays.stream(second).sorted().toArray(), second);
            assertArrayEquals(
                    IntStream.range(0, 1000).toArray(),
                    IntStream.concat(Arrays.stream(first), Arrays.stream(second))
                            .sorted()
                            .toArray());
            int[] counts = new int[3];
            for (int i = 0; i < 137; i++) {
                assertEquals(labels[second[i]], parts.second().label(i));
                counts[labels[second[i]]]++;
                chosen[second[i]]++;
            }
            assertArrayEquals(new int[] {69, 41, 27}, counts);
            for (int i = 0; i < first.length; i++) {
                assertEquals(labels[first[i]], parts.first().label(i));
            }
            assertArrayEquals(
                    second, numbers(Datasets.split(source, 0.137, seed).second()));
            seen.add(Arrays.stream(second).boxed().toList());
        }
        assertEquals(200, seen.size());
        // Each image is chosen with the probability of its class, p: 200 p times, to within 6 standard deviations.
        double[] probability = {69 / 500.0, 41 / 300.0, 27 / 200.0};
        for (int i = 0; i < 1000; i++) {
            double p = probability[labels[i]];
            assertEquals(200 * p, chosen[i], 6 * Math.sqrt(200 * p * (1 - p)), "image " + i);
        }
    }

    @Test
    void targetsFollowTheirImages() {
        TargetDataset source = new CountingTargets(30, Shape.of(2));
        Parts<TargetDataset> parts = Datasets.split(source, 0.25, 3);
        assertEquals(22, parts.first().size());
        assertEquals(8, parts.second().size());
        assertArrayEquals(
                IntStream.range(0, 30).toArray(),
                IntStream.concat(Arrays.stream(numbers(parts.first())), Arrays.stream(numbers(parts.second())))
                        .sorted()
                        .toArray());
        for (TargetDataset part : List.of(parts.first(), parts.second(), Datasets.subset(source, 7))) {
            assertEquals(source.imageShape(), part.imageShape());
            assertEquals(source.targetShape(), part.targetShape());
            int[] numbers = numbers(part);
            float[] target = new float[3];
            for (int i = 0; i < numbers.length; i++) {
                part.readTarget(i, target, 1);
                assertArrayEquals(new float[] {0, -100 * numbers[i], -100 * numbers[i] - 1}, target);
            }
        }
        assertArrayEquals(IntStream.range(0, 7).toArray(), numbers(Datasets.subset(source, 7)));
        assertThrows(StriateException.class, () -> Datasets.subset(source, 0));
        assertThrows(StriateException.class, () -> Datasets.subset(source, 31));
    }

    @Test
    void bothPartsOfASplitHaveImages() {
        Dataset source = new CountingImages(10);
        TargetDataset targets = new CountingTargets(10, Shape.SCALAR);
        for (double fraction : new double[] {
            Double.NaN, Double.NEGATIVE_INFINITY, -0.1, 0, 0.049, 0.95, 1, 1.5, Double.POSITIVE_INFINITY
        }) {
            String message = assertThrows(StriateException.class, () -> Datasets.split(source, fraction, 1))
                    .getMessage();
            assertEquals(
                    "Datasets.split: expected a fraction that leaves each part at least 1 of the 10 images, got "
                            + fraction,
                    message);
            assertThrows(StriateException.class, () -> Datasets.split(targets, fraction, 1));
        }
        assertEquals(1, Datasets.split(source, 0.05, 1).second().size());
        assertEquals(1, Datasets.split(source, 0.949, 1).first().size());
    }

    private record Numbered(int[] labels, int classes) implements Dataset {

        @Override
        public int size() {
            return labels.length;
        }

        @Override
        public Shape imageShape() {
            return Shape.of(1, 1, 1);
        }

        @Override
        public List<String> classNames() {
            return IntStream.range(0, classes).mapToObj(i -> "class " + i).toList();
        }

        @Override
        public void read(int index, float[] target, int offset) {
            target[offset] = 10 * index;
        }

        @Override
        public int label(int index) {
            return labels[index];
        }
    }

    /** The numbers of images whose first value is ten times their number. */
    private static int[] numbers(ImageSource images) {
        float[] values = new float[images.imageShape().elements()];
        return IntStream.range(0, images.size())
                .map(i -> {
                    images.read(i, values, 0);
                    return (int) values[0] / 10;
                })
                .toArray();
    }

    @Test
    void labelsAreMatchedByName() {
        Dataset source =
                new ByteImages(new byte[] {5, 6, 7}, new int[] {0, 1, 0}, Shape.of(1, 1, 1), 1, List.of("dog", "cat"));
        List<String> names = List.of("bird", "cat", "dog");
        Dataset matched = Datasets.withClasses(source, names);
        assertEquals(3, matched.classes());
        assertEquals(names, matched.classNames());
        assertEquals(List.of(2, 1, 2), List.of(matched.label(0), matched.label(1), matched.label(2)));
        assertArrayEquals(new float[] {5, 6, 7}, values(matched));
        for (List<String> wrong : List.of(List.of("cat", "bird"), List.of("cat", "dog", "cat"))) {
            String message = assertThrows(StriateException.class, () -> Datasets.withClasses(source, wrong))
                    .getMessage();
            assertEquals(
                    "Datasets.withClasses: expected the class "
                            + (wrong.size() == 2
                                    ? "\"dog\" once in the list, got it not at all"
                                    : "\"cat\" once in the list, got it more than once"),
                    message);
        }
    }

    @Test
    void meanAndDeviationArePerChannel() {
        Dataset source =
                new ByteImages(new byte[] {0, 2, 10, 10, 4, 6, 20, 40}, new int[2], Shape.of(2, 1, 2), 2, List.of("a"));
        Normalize normalize = Datasets.meanAndDeviation(source);
        assertArrayEquals(new float[] {1.5f, 10}, normalize.mean());
        // Of 0, 1, 2, 3 and of 5, 5, 10, 20.
        assertArrayEquals(new float[] {(float) Math.sqrt(1.25), (float) Math.sqrt(37.5)}, normalize.deviation());
        Dataset flat = new ByteImages(new byte[2], new int[2], Shape.of(1, 1, 1), 1, List.of("a"));
        assertThrows(StriateException.class, () -> Datasets.meanAndDeviation(flat));
    }

    @Test
    void aChannelIsConstantHoweverItsSumsRound() {
        for (float value : new float[] {0.1f, 0.3f, 0.7f, 1000.1f}) {
            StriateException thrown =
                    assertThrows(StriateException.class, () -> Datasets.meanAndDeviation(alternating(value, value)));
            assertEquals("Normalize: deviations are finite and above 0, got [0.0]", thrown.getMessage());
        }
    }

    /** Their squares differ in digits that the sum of the squares has lost. */
    @Test
    void theDeviationOfLargeValuesIsExact() {
        assertEquals(
                0x1p-12f,
                Datasets.meanAndDeviation(alternating(4096, 4096 + 0x1p-11f)).deviation()[0]);
    }

    /** Two images of 100x100 pixels. */
    private static Dataset alternating(float even, float odd) {
        return new Dataset() {
            @Override
            public int size() {
                return 2;
            }

            @Override
            public Shape imageShape() {
                return Shape.of(1, 100, 100);
            }

            @Override
            public int classes() {
                return 1;
            }

            @Override
            public List<String> classNames() {
                return List.of("a");
            }

            @Override
            public void read(int index, float[] target, int offset) {
                for (int i = 0; i < 10_000; i++) {
                    target[offset + i] = i % 2 == 0 ? even : odd;
                }
            }

            @Override
            public int label(int index) {
                return 0;
            }
        };
    }

    /** A byte's value is the quotient itself, not a product that is one bit off. */
    @Test
    void bytesAreDivided() {
        byte[] all = new byte[256];
        for (int i = 0; i < 256; i++) {
            all[i] = (byte) i;
        }
        float[] found = new float[256];
        new ByteImages(all, new int[1], Shape.of(1, 16, 16), 255, List.of("a")).read(0, found, 0);
        for (int i = 0; i < 256; i++) {
            assertEquals(i / 255f, found[i]);
        }
    }

    private static Dataset images(int size, int channels, int height, int width) {
        byte[] pixels = new byte[size * channels * height * width];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = pixel(i);
        }
        int[] labels = new int[size];
        Arrays.setAll(labels, i -> i % 2);
        return new ByteImages(pixels, labels, Shape.of(channels, height, width), 255, List.of("a", "b"));
    }

    private static byte pixel(int i) {
        return (byte) (i * 73 + 1);
    }

    private static float[] values(Dataset ones) {
        float[] values = new float[ones.size()];
        for (int i = 0; i < values.length; i++) {
            ones.read(i, values, i);
        }
        return values;
    }
}
