package dev.striate.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Device;
import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import dev.striate.train.EpochEnd;
import dev.striate.train.Evaluation;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What can be told of the pictures by their pixels. */
class PicturesTest {

    private static final Device DEVICE = Device.reference();
    private static final int SOLID = 6;

    @TempDir
    Path directory;

    @Test
    void aPictureIsWrittenWholeAndReplacesAnOlderOne() throws IOException {
        Path file = directory.resolve("confusion.png");
        Files.writeString(file, "old");
        new ConfusionMatrix(PlottedRun.evaluation(2, 0, 1), PlottedRun.names(2)).write(file);
        BufferedImage image = ImageIO.read(file.toFile());
        assertTrue(image.getWidth() > 100 && image.getHeight() > 100);
        try (Stream<Path> files = Files.list(directory)) {
            assertEquals(List.of(file), files.toList());
        }
    }

    @Test
    void aFileThatCannotBeWrittenIsNamed() {
        Path file = directory.resolve("missing").resolve("confusion.png");
        StriateException error = assertThrows(
                StriateException.class,
                () -> new ConfusionMatrix(PlottedRun.evaluation(2, 0, 1), PlottedRun.names(2)).write(file));
        assertTrue(error.getMessage().contains(file.toString()), error.getMessage());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 45, 300})
    void curvesShowTrainAndTestForAnyNumberOfEpochs(int epochs) {
        List<EpochEnd> ends = new ArrayList<>();
        for (int epoch = 1; epoch <= epochs; epoch++) {
            ends.add(PlottedRun.epoch(epoch, epochs, 2.0 / epoch, PlottedRun.evaluation(2, 0, 1, 1)));
        }
        BufferedImage image = new Curves(ends, PlottedRun.steps(ends.size())).draw();
        assertTrue(count(image, Palette.BLUE) > 20);
        assertTrue(count(image, Palette.VERMILLION) > 20);
        assertTrue(count(image, Palette.GREEN) > 20);
    }

    /** XChart alone never ends with numbers above 1e19. */
    @ParameterizedTest
    @ValueSource(doubles = {1e-40, 1e-20, 1e10, 1e19, 1e30, 1e300})
    void curvesShowLossesOfAnySize(double loss) {
        List<EpochEnd> ends = List.of(PlottedRun.epoch(1, 2, loss, null), PlottedRun.epoch(2, 2, loss / 3, null));
        BufferedImage image = assertTimeoutPreemptively(
                Duration.ofMinutes(1), () -> new Curves(ends, PlottedRun.steps(ends.size())).draw());
        assertTrue(count(image, Palette.BLUE) > 20);
    }

    @Test
    void curvesLeaveOutWhatIsMissingOrNotANumber() {
        List<EpochEnd> ends = List.of(
                PlottedRun.epoch(1, 3, Double.POSITIVE_INFINITY, null),
                PlottedRun.epoch(2, 3, 1, null),
                PlottedRun.epoch(3, 3, 0.5, null));
        BufferedImage image = new Curves(ends, PlottedRun.steps(ends.size())).draw();
        assertTrue(count(image, Palette.BLUE) > 20);
        assertEquals(0, count(image, Palette.VERMILLION));
        Evaluation diverged = new Evaluation(Double.NaN, new int[] {0, 1}, new int[][] {{1, 0}, {0, 1}});
        // Its accuracy is known, its loss is not.
        BufferedImage half =
                new Curves(List.of(PlottedRun.epoch(1, 1, Double.NaN, diverged)), PlottedRun.steps(0)).draw();
        assertTrue(count(half, Palette.VERMILLION) > 0);
        assertThrows(StriateException.class, () -> new Curves(List.of(), PlottedRun.steps(0)));
    }

    @Test
    void confusionCellsHaveTheColourOfTheirPartOfTheRow() {
        // Class 0: three of four right. Class 1: none of one. Class 2: no images.
        Evaluation evaluation = new Evaluation(1, new int[5], new int[][] {{3, 1, 0}, {1, 0, 0}, {0, 0, 0}});
        BufferedImage image = new ConfusionMatrix(evaluation, PlottedRun.names(3)).draw();
        Color most = Palette.blue(Math.sqrt(0.75));
        Color least = Palette.blue(Math.sqrt(0.25));
        assertTrue(count(image, most) > 500, "three quarters of class 0");
        assertTrue(count(image, least) > 500, "a quarter of class 0");
        assertTrue(count(image, Palette.blue(1)) > 500, "all of class 1");
        assertTrue(first(image, most) < first(image, least), "what is right comes first in its row");
        assertEquals(
                first(image, most) / image.getWidth(), first(image, least) / image.getWidth(), "rows are true classes");
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 25, 26, 100})
    void aConfusionMatrixHasRoomForAnyNumberOfClasses(int classes) {
        int[] predictions = new int[3 * classes];
        for (int i = 0; i < predictions.length; i++) {
            predictions[i] = i % 7 == 0 ? 0 : i % classes;
        }
        BufferedImage image =
                new ConfusionMatrix(PlottedRun.evaluation(classes, predictions), PlottedRun.names(classes)).draw();
        assertTrue(image.getWidth() < 2500 && image.getHeight() < 3000, image.getWidth() + " x " + image.getHeight());
        assertThrows(
                StriateException.class,
                () -> new ConfusionMatrix(PlottedRun.evaluation(classes, 0), PlottedRun.names(classes + 1)));
    }

    @Test
    void mistakesComeFirstAmongTheSamples() {
        // The second image is taken for class 0; its grey is the only one of its kind.
        PlottedRun.Plain images = new PlottedRun.Plain(1, new float[] {0.2f, 0.4f, 0.6f, 0.8f}, 2);
        BufferedImage image = new Samples(images, PlottedRun.evaluation(2, 0, 0, 0, 1), PlottedRun.names(2)).draw();
        int mistake = first(image, new Color(102, 102, 102));
        assertTrue(mistake < first(image, new Color(51, 51, 51)));
        assertTrue(mistake < first(image, new Color(153, 153, 153)));
        assertTrue(first(image, Palette.VERMILLION) < first(image, Palette.BLUE));
        // 4 by 4 pixels fill the tile of 96 by 96 points.
        assertTrue(192 * 192 <= count(image, new Color(102, 102, 102)));
    }

    @Test
    void samplesWithoutMistakesAndWithNothingElseAreDrawn() {
        PlottedRun.Plain images = new PlottedRun.Plain(3, new float[50], 2);
        int[] all = new int[50];
        int[] none = new int[50];
        for (int i = 0; i < 50; i++) {
            all[i] = i % 2;
            none[i] = 1 - i % 2;
        }
        // The legend alone has less than a frame of either colour.
        BufferedImage right = new Samples(images, PlottedRun.evaluation(2, all), PlottedRun.names(2)).draw();
        assertTrue(count(right, Palette.VERMILLION) < 300 && count(right, Palette.BLUE) > 36 * 1000);
        BufferedImage wrong = new Samples(images, PlottedRun.evaluation(2, none), PlottedRun.names(2)).draw();
        assertTrue(count(wrong, Palette.BLUE) < 300 && count(wrong, Palette.VERMILLION) > 30 * 1000);
        assertThrows(
                StriateException.class, () -> new Samples(images, PlottedRun.evaluation(2, 0, 1), PlottedRun.names(2)));
    }

    @Test
    void filtersOverOneChannelAreGreyAroundZero() {
        try (Tensor weight = Tensor.of(DEVICE, Shape.of(2, 1, 1, 2), 0, 0.5f, -2, 1)) {
            BufferedImage image = new Filters("conv1", weight).draw();
            int square = 24 * 24;
            assertTrue(count(image, new Color(128, 128, 128)) >= square, "0");
            assertTrue(count(image, new Color(159, 159, 159)) >= square, "0.5 of 2");
            assertTrue(count(image, new Color(191, 191, 191)) >= square, "1 of 2");
            assertTrue(count(image, Color.BLACK) >= square, "-2 of 2");
        }
    }

    @Test
    void filtersOverThreeChannelsAreInColours() {
        try (Tensor weight = Tensor.of(DEVICE, Shape.of(1, 3, 1, 1), 1, 0, -1)) {
            assertTrue(count(new Filters("conv1", weight).draw(), new Color(255, 128, 0)) >= 24 * 24);
        }
    }

    @Test
    void otherFiltersHaveARowPerOutputAndAColumnPerInputChannel() {
        try (Tensor weight = Tensor.of(DEVICE, Shape.of(2, 2, 1, 1), 1, 0, -1, 0.5f)) {
            BufferedImage image = new Filters("conv2", weight).draw();
            int middle = first(image, new Color(128, 128, 128));
            int black = first(image, Color.BLACK);
            int light = first(image, new Color(191, 191, 191));
            assertTrue(middle / image.getWidth() < black / image.getWidth());
            assertEquals(black / image.getWidth(), light / image.getWidth());
            assertTrue(black % image.getWidth() < light % image.getWidth());
            assertEquals(middle % image.getWidth(), light % image.getWidth());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 5, 300})
    void ofVeryManyFiltersTheFirstAreDrawn(int channels) {
        try (Tensor weight = Tensor.randn(DEVICE, new Generator(1), 300, channels, 3, 3);
                Tensor dead = Tensor.zeros(DEVICE, 300, channels, 3, 3);
                Tensor matrix = Tensor.zeros(DEVICE, 3, 3)) {
            BufferedImage image = new Filters("conv", weight).draw();
            assertTrue(
                    image.getWidth() < 2000 && image.getHeight() < 4000, image.getWidth() + " x " + image.getHeight());
            assertEquals(image.getWidth(), new Filters("conv", dead).draw().getWidth());
            assertThrows(StriateException.class, () -> new Filters("fc", matrix));
        }
    }

    @Test
    void aTextThatIsTooWideIsCut() {
        assertEquals("cat", Canvas.fit("cat", Canvas.font(12), 100));
        String cut = Canvas.fit("a class with a long name", Canvas.font(12), 60);
        assertTrue(cut.endsWith("\u2026") && cut.startsWith("a cl"), cut);
        assertTrue(Canvas.width(cut, Canvas.font(12)) <= 60);
        assertEquals("\u2026", Canvas.fit("\uD83D\uDE00\uD83D\uDE00", Canvas.font(12), 1));
    }

    private static int count(BufferedImage image, Color color) {
        int count = 0;
        for (int pixel : pixels(image)) {
            count += pixel == color.getRGB() ? 1 : 0;
        }
        return count;
    }

    /** Where a square of one colour, larger than what text and scales have, comes first, row by row. */
    private static int first(BufferedImage image, Color color) {
        for (int y = 0; y + SOLID <= image.getHeight(); y++) {
            for (int x = 0; x + SOLID <= image.getWidth(); x++) {
                if (isSolid(image, x, y, color.getRGB())) {
                    return y * image.getWidth() + x;
                }
            }
        }
        throw new AssertionError("there is no " + color);
    }

    private static boolean isSolid(BufferedImage image, int left, int top, int rgb) {
        for (int i = 0; i < SOLID * SOLID; i++) {
            if (image.getRGB(left + i % SOLID, top + i / SOLID) != rgb) {
                return false;
            }
        }
        return true;
    }

    private static int[] pixels(BufferedImage image) {
        return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    }
}
