package dev.striate.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.StriateException;
import dev.striate.io.Image;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageFolderTest {

    private static final Shape SHAPE = Shape.of(3, 4, 4);

    @TempDir
    Path root;

    @ParameterizedTest
    @ValueSource(strings = {"test", "val", "valid", "validation"})
    void classesAreFoldersInTheOrderOfTheirNames(String test) throws IOException {
        write("train/dog/b.png", 10, 1, 9, 5);
        write("train/dog/a.PNG", 20, 3, 4, 4);
        write("train/cat/deep/x.png", 30, 3, 2, 2);
        write("train/cat/z.png", 40, 3, 40, 30);
        Files.writeString(root.resolve("train/cat/notes.txt"), "no picture");
        Files.write(root.resolve("train/cat/._z.png"), new byte[5]);
        Files.createDirectories(root.resolve("train/.cache"));
        write(test + "/dog/a.png", 50, 3, 4, 4);
        Splits splits = ImageFolder.read(root, SHAPE);
        assertEquals(List.of("cat", "dog"), splits.train().classNames());
        assertEquals(SHAPE, splits.train().imageShape());
        assertArrayEquals(new int[] {30, 40, 20, 10}, levels(splits.train()));
        assertArrayEquals(new int[] {0, 0, 1, 1}, labels(splits.train()));
        assertArrayEquals(new int[] {50}, levels(splits.test()));
        assertArrayEquals(new int[] {1}, labels(splits.test()));
    }

    @Test
    void picturesAreFitted() throws IOException {
        Image image = new Image(new byte[] {0, 40, 80, 120, (byte) 160, (byte) 200, 10, 20, 30, 40, 50, 60}, Shape.of(1, 2, 6));
        Files.createDirectories(root.resolve("a"));
        image.write(root.resolve("a/x.png"));
        float[] found = new float[3];
        ImageFolder.readSplit(root, Shape.of(1, 1, 3)).read(0, found, 0);
        assertArrayEquals(image.fit(1, 3).toFloats(), found);
        image.rgb().write(root.resolve("a/x.png"));
        ImageFolder.readSplit(root, Shape.of(1, 1, 3)).read(0, found, 0);
        assertArrayEquals(image.fit(1, 3).toFloats(), found);
    }

    @Test
    void givenClassesKeepTheirLabels() throws IOException {
        write("dog/a.png", 1, 1, 4, 4);
        Dataset dogs = ImageFolder.readSplit(root, SHAPE, List.of("bird", "cat", "dog"));
        assertEquals(2, dogs.label(0));
        assertEquals(3, dogs.classes());
        assertEquals("ImageFolder: " + root.resolve("dog") + " is none of the classes [cat]",
                assertThrows(StriateException.class, () -> ImageFolder.readSplit(root, SHAPE, List.of("cat"))).getMessage());
    }

    @Test
    void testMayNotHaveOtherClasses() throws IOException {
        write("train/cat/a.png", 1, 1, 4, 4);
        write("test/dog/a.png", 1, 1, 4, 4);
        assertEquals("ImageFolder: " + root.resolve("test").resolve("dog") + " is none of the classes [cat]", refused());
    }

    @Test
    void errorsSayWhatWasLookedFor() throws IOException {
        write("cat/a.png", 1, 1, 4, 4);
        assertEquals("ImageFolder: looked in " + root + " for the folder train and one of [test, val, valid, validation], found"
                + " [cat]; each has one folder per class, such as train/cat/1.png", refused());
        Files.createDirectories(root.resolve("train/cat"));
        Files.createDirectories(root.resolve("test/cat"));
        assertEquals("ImageFolder: looked for folders of pictures (bmp, gif, jpeg, jpg, png), one per class, in "
                + root.resolve("train") + ", found none; its folders are [cat]", refused());
        Files.writeString(root.resolve("train/cat/broken.png"), "no picture");
        assertTrue(refused().contains("broken.png: it is none that can be read"), refused());
        assertThrows(StriateException.class, () -> ImageFolder.read(root.resolve("nowhere"), SHAPE));
        assertThrows(ShapeException.class, () -> ImageFolder.readSplit(root.resolve("train"), Shape.of(2, 4, 4)));
        assertThrows(ShapeException.class, () -> ImageFolder.readSplit(root.resolve("train"), Shape.of(4, 4)));
    }

    private String refused() {
        return assertThrows(StriateException.class, () -> ImageFolder.read(root, SHAPE)).getMessage();
    }

    private void write(String name, int level, int channels, int height, int width) throws IOException {
        byte[] pixels = new byte[channels * height * width];
        Arrays.fill(pixels, (byte) level);
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        new Image(pixels, Shape.of(channels, height, width)).write(file);
    }

    private static int[] levels(Dataset images) {
        float[] image = new float[images.imageShape().elements()];
        int[] levels = new int[images.size()];
        for (int i = 0; i < levels.length; i++) {
            images.read(i, image, 0);
            levels[i] = Math.round(image[0] * 255);
            for (float value : image) {
                assertEquals(levels[i] / 255f, value);
            }
        }
        return levels;
    }

    private static int[] labels(Dataset images) {
        int[] labels = new int[images.size()];
        Arrays.setAll(labels, images::label);
        return labels;
    }
}
