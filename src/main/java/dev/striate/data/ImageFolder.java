package dev.striate.data;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.StriateException;
import dev.striate.io.Image;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Pictures in one folder per class, which gives the class its name: {@code train/cat/1.png}. Classes, and the files of each, are
 * ordered by name, as torchvision does it. Pictures are PNG, JPEG, GIF or BMP files (by their endings) of any size, also in
 * folders within that of the class; each is made grey or RGB and {@link Image#fit fitted} to the shape asked for. Values are from
 * 0 to 1, held as bytes.
 */
public final class ImageFolder {

    private static final float WHITE = 255;
    private static final List<String> ENDINGS = List.of("bmp", "gif", "jpeg", "jpg", "png");
    private static final List<String> TEST_FOLDERS = List.of("test", "val", "valid", "validation");

    private ImageFolder() {}

    /**
     * Reads {@code train} and, for testing, {@code test}, {@code val}, {@code valid} or {@code validation} in {@code root},
     * whichever is there first. The classes are those of {@code train}; of these, some may be missing in the other.
     *
     * @param imageShape {@code (1 or 3, height, width)}
     * @throws ShapeException   if the shape is no such one
     * @throws StriateException if there are no such folders, classes or pictures, a picture cannot be decoded, or a part would
     *                          take 2^31 bytes or more
     */
    public static Splits read(Path root, Shape imageShape) {
        Path train = root.resolve("train");
        Path test = TEST_FOLDERS.stream().map(root::resolve).filter(Files::isDirectory).findFirst().orElse(null);
        if (!Files.isDirectory(train) || test == null) {
            throw new StriateException("ImageFolder: looked in " + root + " for the folder train and one of " + TEST_FOLDERS
                    + ", found " + folders(root) + "; each has one folder per class, such as train/cat/1.png");
        }
        List<String> classes = folders(train);
        return new Splits(readSplit(train, imageShape, classes), readSplit(test, imageShape, classes));
    }

    /**
     * Reads the folders of classes in {@code directory} itself.
     *
     * @param imageShape {@code (1 or 3, height, width)}
     * @throws StriateException as {@link #read}
     */
    public static Dataset readSplit(Path directory, Shape imageShape) {
        return readSplit(directory, imageShape, folders(directory));
    }

    /**
     * The same with given classes, such as those that a model was trained for; their order is that of the labels.
     *
     * @throws StriateException as {@link #read}, also if there is a folder of another class
     */
    public static Dataset readSplit(Path directory, Shape imageShape, List<String> classNames) {
        if (imageShape.rank() != 3 || imageShape.size(0) != 1 && imageShape.size(0) != 3) {
            throw new ShapeException("ImageFolder: expected a shape (1 or 3 channels, height, width), got " + imageShape);
        }
        List<Path> files = new ArrayList<>();
        List<Integer> labels = new ArrayList<>();
        for (String folder : folders(directory)) {
            int label = classNames.indexOf(folder);
            if (label < 0) {
                throw new StriateException("ImageFolder: " + directory.resolve(folder) + " is none of the classes " + classNames);
            }
            List<Path> pictures = pictures(directory.resolve(folder));
            for (Path picture : pictures) {
                files.add(picture);
                labels.add(label);
            }
        }
        if (files.isEmpty()) {
            throw new StriateException("ImageFolder: looked for folders of pictures (" + String.join(", ", ENDINGS) + "), one per"
                    + " class, in " + directory + ", found none; its folders are " + folders(directory));
        }
        byte[] pixels = new byte[ByteImages.bytes(files.size(), imageShape)];
        // Decoding is most of the work. Each picture has its place, so the order of threads does not matter.
        IntStream.range(0, files.size()).parallel().forEach(i -> {
            Image image = Image.read(files.get(i)).withChannels(imageShape.size(0)).fit(imageShape.size(1), imageShape.size(2));
            System.arraycopy(image.pixels(), 0, pixels, i * imageShape.elements(), imageShape.elements());
        });
        int[] ofFile = labels.stream().mapToInt(Integer::intValue).toArray();
        return new ByteImages(pixels, ofFile, imageShape, WHITE, List.copyOf(classNames));
    }

    /** The names of the folders, in order; hidden ones, which tools leave behind, do not count. */
    private static List<String> folders(Path directory) {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.filter(Files::isDirectory).map(path -> path.getFileName().toString())
                    .filter(name -> !name.startsWith(".")).sorted().toList();
        } catch (IOException e) {
            throw new StriateException("ImageFolder: cannot list the folder " + directory + ": " + e, e);
        }
    }

    private static List<Path> pictures(Path directory) {
        try (Stream<Path> entries = Files.walk(directory)) {
            return entries.filter(Files::isRegularFile).filter(ImageFolder::isPicture).sorted().toList();
        } catch (IOException | UncheckedIOException e) {
            throw new StriateException("ImageFolder: cannot list the folder " + directory + ": " + e, e);
        }
    }

    private static boolean isPicture(Path file) {
        String name = file.getFileName().toString();
        return !name.startsWith(".") && ENDINGS.contains(name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT));
    }
}
