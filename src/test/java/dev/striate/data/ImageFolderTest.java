package dev.striate.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.StriateException;
import dev.striate.io.Image;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
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
    void withoutAShapePicturesKeepTheirSize() throws IOException {
        write("train/dog/a.png", 10, 1, 5, 7);
        write("train/cat/a.png", 20, 3, 5, 7);
        write("test/cat/a.png", 30, 3, 9, 9);
        Splits splits = ImageFolder.read(root);
        assertEquals(Shape.of(3, 5, 7), splits.train().imageShape());
        assertEquals(Shape.of(3, 5, 7), splits.test().imageShape());
        assertEquals(List.of("cat", "dog"), splits.classNames());
        write("train/dog/b.png", 10, 1, 7, 5);
        assertEquals(
                "ImageFolder: the pictures differ in height and width: " + root.resolve("train/cat/a.png")
                        + " has (5, 7), " + root.resolve("train/dog/b.png") + " has (7, 5). Give the size to which they"
                        + " are fitted: read(root, Shape.of(3, height, width))",
                assertThrows(StriateException.class, () -> ImageFolder.read(root))
                        .getMessage());
    }

    @Test
    void picturesAreFitted() throws IOException {
        Image image = new Image(
                new byte[] {0, 40, 80, 120, (byte) 160, (byte) 200, 10, 20, 30, 40, 50, 60}, Shape.of(1, 2, 6));
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
        assertEquals(
                "ImageFolder: " + root + " has folders of other classes, [dog]; the classes are [cat]."
                        + " Rename or remove the others",
                assertThrows(StriateException.class, () -> ImageFolder.readSplit(root, SHAPE, List.of("cat")))
                        .getMessage());
    }

    @Test
    void testMayNotHaveOtherClasses() throws IOException {
        write("train/cat/a.png", 1, 1, 4, 4);
        write("test/dog/a.png", 1, 1, 4, 4);
        assertEquals(
                "ImageFolder: " + root.resolve("test") + " has folders of other classes, [dog]; the classes are [cat]."
                        + " Rename or remove the others",
                refused());
    }

    @Test
    void classesWithoutTestPicturesAreLogged() throws IOException {
        write("train/cat/a.png", 1, 1, 4, 4);
        write("train/dog/a.png", 1, 1, 4, 4);
        write("test/dog/a.png", 1, 1, 4, 4);
        List<String> log = new ArrayList<>();
        assertEquals(1, logged(log, () -> ImageFolder.read(root, SHAPE).test()).label(0));
        assertEquals(List.of("ImageFolder: " + root.resolve("test") + " has no pictures of the classes [cat]"), log);
    }

    /** As in Python: by code points, which is not the order of UTF-16. */
    @Test
    void namesAreSortedByCodePoints() throws IOException {
        for (String name : List.of("\ud83d\ude00", "\uff01", "\u00e9", "dog", "Dog")) {
            write(name + "/a.png", 1, 1, 4, 4);
        }
        assertEquals(
                List.of("Dog", "dog", "\u00e9", "\uff01", "\ud83d\ude00"),
                ImageFolder.readSplit(root, SHAPE).classNames());
    }

    /** Java replaces the bytes of a name that it cannot decode, so that two classes can get the same name. */
    @Test
    void namesThatCannotBeDecodedAreRefused() throws IOException {
        write("caf\ufffd/a.png", 1, 1, 4, 4);
        String message = assertThrows(StriateException.class, () -> ImageFolder.readSplit(root, SHAPE))
                .getMessage();
        assertTrue(message.contains("the class folder \"caf\ufffd\" cannot be read in this locale"), message);
    }

    @Test
    void errorsSayWhatWasLookedFor() throws IOException {
        write("cat/a.png", 1, 1, 4, 4);
        assertEquals(
                "ImageFolder: expected the folders train and test (or val, valid, validation) in " + root + ", found"
                        + " [cat]; each has one folder per class, such as train/cat/1.png",
                refused());
        Files.createDirectories(root.resolve("train/cat"));
        Files.createDirectories(root.resolve("test/cat"));
        assertEquals(
                "ImageFolder: the class folder " + root.resolve("train/cat")
                        + " has no pictures (bmp, gif, jpeg, jpg, png);" + " add some or remove the folder",
                refused());
        Files.writeString(root.resolve("train/cat/broken.png"), "no picture");
        assertTrue(refused().contains("broken.png: not a PNG"), refused());
        assertEquals(
                "ImageFolder: cannot list the folder " + root.resolve("nowhere") + ": there is no such folder",
                assertThrows(StriateException.class, () -> ImageFolder.readSplit(root.resolve("nowhere"), SHAPE))
                        .getMessage());
        Path file = root.resolve("train/cat/broken.png");
        assertEquals(
                "ImageFolder: cannot list the folder " + file + ": it is not a folder",
                assertThrows(StriateException.class, () -> ImageFolder.readSplit(file, SHAPE))
                        .getMessage());
        assertEquals(
                "ImageFolder: looked for folders of pictures (bmp, gif, jpeg, jpg, png), one per class, in "
                        + root.resolve("train/cat") + ", found none",
                assertThrows(StriateException.class, () -> ImageFolder.readSplit(file.getParent(), SHAPE))
                        .getMessage());
        assertThrows(ShapeException.class, () -> ImageFolder.readSplit(root.resolve("train"), Shape.of(2, 4, 4)));
        assertThrows(ShapeException.class, () -> ImageFolder.readSplit(root.resolve("train"), Shape.of(4, 4)));
    }

    @Test
    void linksAreFollowed() throws IOException {
        write("store/dogs/1.png", 10, 3, 4, 4);
        write("store/dogs/deep/2.png", 20, 3, 4, 4);
        write("store/3.png", 30, 3, 4, 4);
        write("train/cat/1.png", 40, 3, 4, 4);
        link("train/cat/more.png", "store/3.png");
        link("train/cat/others", "store/dogs/deep");
        link("data", "train");
        assertArrayEquals(new int[] {40, 30, 20}, levels(ImageFolder.readSplit(root.resolve("data"), SHAPE)));
        Files.delete(root.resolve("train/cat/others"));
        link("train/dog", "store/dogs");
        Dataset images = ImageFolder.readSplit(root.resolve("data"), SHAPE);
        assertArrayEquals(new int[] {40, 30, 10, 20}, levels(images));
        assertArrayEquals(new int[] {0, 0, 1, 1}, labels(images));
    }

    /** Links to the class, to what is above it, and to a folder that is read anyway. */
    @Test
    void foldersAreMetOnce() throws IOException {
        write("train/cat/deep/1.png", 10, 3, 4, 4);
        write("train/dog/1.png", 20, 3, 4, 4);
        write("test/cat/1.png", 30, 3, 4, 4);
        for (String folder : List.of("train/cat", "train/dog")) {
            link(folder + "/data", ".");
            link(folder + "/split", "train");
        }
        link("train/cat/deep/self", "train/cat/deep");
        link("train/cat/deep/class", "train/cat");
        link("train/cat/again", "train/cat/deep");
        List<String> log = new ArrayList<>();
        Dataset images = logged(log, () -> ImageFolder.readSplit(root.resolve("train"), SHAPE));
        assertArrayEquals(new int[] {10, 20}, levels(images));
        assertEquals(List.of("ImageFolder: skipped in " + root.resolve("train") + ": 7 repeated folders"), log);

        link("train/kitten", "train/cat/deep");
        assertEquals(
                "ImageFolder: " + root.resolve("train/kitten")
                        + " is a folder of the class cat too; a picture has one class",
                refused());
    }

    @ParameterizedTest
    @ValueSource(strings = {"train/dog", "train/cat/2.png", "train/cat/more"})
    void linksThatLeadNowhereAreRefused(String name) throws IOException {
        write("train/cat/1.png", 1, 1, 4, 4);
        write("test/cat/1.png", 1, 1, 4, 4);
        link(name, "nowhere");
        assertEquals(
                "ImageFolder: " + root.resolve(name) + " is a link to " + root.resolve("nowhere")
                        + ", which does not exist; restore that or remove the link",
                refused());
    }

    @Test
    void classesWithoutPicturesAreRefused() throws IOException {
        write("train/cat/1.png", 1, 1, 4, 4);
        write("test/cat/1.png", 1, 1, 4, 4);
        Files.createDirectories(root.resolve("train/dog/deep"));
        Files.write(root.resolve("train/dog/deep/1.webp"), new byte[5]);
        Files.write(root.resolve("train/dog/2.WebP"), new byte[5]);
        assertEquals(
                "ImageFolder: the class folder " + root.resolve("train/dog")
                        + " has no pictures (bmp, gif, jpeg, jpg, png) but 2 webp; add some or remove the folder",
                refused());
        write("train/dog/1.png", 1, 1, 4, 4);
        Files.createDirectories(root.resolve("test/dog"));
        assertTrue(refused().contains("the class folder " + root.resolve("test/dog") + " has no pictures"), refused());
    }

    @Test
    void otherFilesAreCountedInOneLine() throws IOException {
        write("cat/1.JPeG", 10, 1, 4, 4);
        write("dog/1.png", 20, 1, 4, 4);
        for (String file : List.of(
                "cat/2.webp",
                "cat/deep/3.webp",
                "dog/4.webp",
                "dog/a.txt",
                "dog/b.TXT",
                "cat/LICENSE",
                "cat/x.\033[31m",
                "notes.txt",
                "3.png")) {
            Files.createDirectories(root.resolve(file).getParent());
            Files.write(root.resolve(file), new byte[5]);
        }
        List<String> log = new ArrayList<>();
        assertArrayEquals(new int[] {10, 20}, levels(logged(log, () -> ImageFolder.readSplit(root, SHAPE))));
        assertEquals(
                List.of("ImageFolder: skipped in " + root + ": 3 webp, 2 other, 2 txt, 1 png outside of class folders,"
                        + " 1 txt outside of class folders"),
                log);
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "names have no line breaks")
    void namesMayHaveLineBreaks() throws IOException {
        write("cat/1\n2.png", 10, 1, 4, 4);
        write("cat/3\r.x.png", 20, 1, 4, 4);
        assertArrayEquals(new int[] {10, 20}, levels(ImageFolder.readSplit(root, SHAPE)));
    }

    @Test
    void leftoversOfToolsAreIgnored() throws IOException {
        write("cat/1.png", 10, 1, 4, 4);
        for (String folder : List.of(
                ".git", ".ipynb_checkpoints", "__MACOSX", "__pycache__", "@eaDir", "$RECYCLE.BIN", "lost+found")) {
            write(folder + "/a.png", 20, 1, 4, 4);
            write("cat/" + folder + "/a.png", 20, 1, 4, 4);
        }
        for (String file : List.of(
                ".DS_Store",
                "Thumbs.db",
                "thumbs.db",
                "desktop.ini",
                "cat/.DS_Store",
                "cat/Thumbs.db",
                "cat/._1.png")) {
            Files.write(root.resolve(file), new byte[5]);
        }
        List<String> log = new ArrayList<>();
        Dataset images = logged(log, () -> ImageFolder.readSplit(root, SHAPE));
        assertEquals(List.of("cat"), images.classNames());
        assertArrayEquals(new int[] {10}, levels(images));
        assertEquals(List.of(), log);
    }

    @Test
    void picturesHaveALimit() throws IOException {
        write("train/cat/1.png", 10, 1, 20, 30);
        write("test/cat/1.png", 10, 1, 20, 30);
        assertEquals(1, ImageFolder.read(root, SHAPE, 600).train().size());
        String message = assertThrows(StriateException.class, () -> ImageFolder.read(root, SHAPE, 599))
                .getMessage();
        assertTrue(
                message.startsWith("cannot read the picture " + root.resolve("train/cat/1.png") + ": it has 30 x 20"),
                message);
    }

    @Test
    void foldersThatCannotBeListedAreNamed() throws IOException {
        write("cat/1.png", 10, 1, 4, 4);
        Path closed = Files.createDirectories(root.resolve("cat/closed"));
        assumeTrue(closed.toFile().setReadable(false) && !Files.isReadable(closed), "this user may list every folder");
        assertEquals(
                "ImageFolder: cannot list the folder " + closed + ": permission denied",
                assertThrows(StriateException.class, () -> ImageFolder.readSplit(root, SHAPE))
                        .getMessage());
    }

    private void link(String name, String target) throws IOException {
        Files.createSymbolicLink(root.resolve(name), root.resolve(target).normalize());
    }

    private static Dataset logged(List<String> log, Supplier<Dataset> reading) {
        Logger logger = Logger.getLogger(ImageFolder.class.getName());
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord line) {
                log.add(line.getMessage());
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        logger.addHandler(handler);
        try {
            return reading.get();
        } finally {
            logger.removeHandler(handler);
        }
    }

    private String refused() {
        return assertThrows(StriateException.class, () -> ImageFolder.read(root, SHAPE))
                .getMessage();
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
