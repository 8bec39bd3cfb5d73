package dev.striate.data;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.StriateException;
import dev.striate.io.Image;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Reads data sets from directories with one folder per class, which has the name of the class: {@code train/cat/1.png}.
 * Classes, and the files of each class, are ordered by name, as in torchvision. Pictures are the files with the endings
 * {@code bmp}, {@code gif}, {@code jpeg}, {@code jpg} or {@code png}, in upper or lower case, also in subfolders of the
 * class folder. They may have any size within the limits of {@link Image#read(Path, int)}. Each picture is converted to
 * grey or RGB and {@link Image#fit fitted} to the requested shape. Values are from 0 to 1, stored as bytes.
 *
 * <p>Links to folders and files are followed, except links to a parent folder. A folder that is reached twice within a
 * class counts once. Hidden files and folders, and those that tools create, such as {@code __MACOSX} or {@code
 * Thumbs.db}, are ignored. One log line counts the other skipped files by ending.
 */
public final class ImageFolder {

    private static final Logger LOGGER = System.getLogger(ImageFolder.class.getName());

    private static final float WHITE = 255;
    private static final List<String> ENDINGS = List.of("bmp", "gif", "jpeg", "jpg", "png");
    private static final List<String> TEST_FOLDERS = List.of("test", "val", "valid", "validation");

    /** The names, in lower case, of files and folders that macOS, Python, network drives, Windows and Linux create. */
    private static final Set<String> LEFTOVERS = Set.of(
            "__macosx",
            "__pycache__",
            "@eadir",
            "#recycle",
            "$recycle.bin",
            "system volume information",
            "thumbs.db",
            "desktop.ini",
            "lost+found");

    private static final int ENDINGS_LISTED = 10;

    /** The character with which Java replaces bytes that it cannot decode. */
    private static final char UNDECODABLE = '\uFFFD';

    private ImageFolder() {}

    /**
     * Reads like {@link #read(Path, Shape)}, as RGB pictures of their own size, {@code (3, height, width)}.
     *
     * @throws StriateException as for {@link #read(Path, Shape)}, and if the pictures in {@code train} differ in size
     */
    public static Splits read(Path root) {
        testFolder(root);
        Path train = root.resolve("train");
        Search search = new Search(train);
        List<Path> files = folders(train).stream()
                .flatMap(folder -> search.pictures(folder).stream())
                .toList();
        List<Shape> sizes = files.parallelStream().map(Image::readSize).toList();
        for (int i = 1; i < sizes.size(); i++) {
            if (!sizes.get(i).equals(sizes.get(0))) {
                throw new StriateException("ImageFolder: the pictures differ in height and width: " + files.get(0)
                        + " has " + sizes.get(0) + ", " + files.get(i) + " has " + sizes.get(i)
                        + ". Give the size to which they are fitted: read(root, Shape.of(3, height, width))");
            }
        }
        if (sizes.isEmpty()) {
            throw noPictures(train);
        }
        return read(root, Shape.of(3, sizes.get(0).size(0), sizes.get(0).size(1)));
    }

    /**
     * Reads the folder {@code train} in {@code root} and, for testing, the first that exists of {@code test}, {@code
     * val}, {@code valid} and {@code validation}. The classes are those of {@code train}; those without a test folder
     * are logged.
     *
     * @param imageShape {@code (1 or 3, height, width)}
     * @throws ShapeException   if the shape is not of this form
     * @throws StriateException if there are no such folders or classes, a class folder has no pictures, two classes
     *     have the same folder, the name of a folder is not valid in the locale's encoding, a link leads nowhere, a
     *     picture cannot be read, or a part would take 2^31 bytes or more
     */
    public static Splits read(Path root, Shape imageShape) {
        return read(root, imageShape, Image.DEFAULT_MAX_PIXELS);
    }

    /**
     * Reads like {@link #read(Path, Shape)}, with another limit on the size of each picture.
     *
     * @param maxPixels as for {@link Image#read(Path, int)}
     * @throws StriateException as for {@link #read(Path, Shape)}
     */
    public static Splits read(Path root, Shape imageShape, int maxPixels) {
        Path test = testFolder(root);
        Path train = root.resolve("train");
        List<String> classes = names(folders(train));
        Splits splits = new Splits(
                readSplit(train, imageShape, classes, maxPixels), readSplit(test, imageShape, classes, maxPixels));
        List<String> untested = new ArrayList<>(classes);
        untested.removeAll(names(folders(test)));
        if (!untested.isEmpty()) {
            LOGGER.log(Level.WARNING, () -> "ImageFolder: " + test + " has no pictures of the classes " + untested);
        }
        return splits;
    }

    /** @throws StriateException if there is no folder for training or none for testing */
    private static Path testFolder(Path root) {
        return TEST_FOLDERS.stream()
                .map(root::resolve)
                .filter(Files::isDirectory)
                .filter(found -> Files.isDirectory(root.resolve("train")))
                .findFirst()
                .orElseThrow(() -> new StriateException(
                        "ImageFolder: expected the folders train and test (or val, valid, validation) in " + root
                                + ", found " + names(folders(root))
                                + "; each has one folder per class, such as train/cat/1.png"));
    }

    private static StriateException noPictures(Path directory) {
        return new StriateException("ImageFolder: looked for folders of pictures (" + String.join(", ", ENDINGS)
                + "), one per class, in " + directory + ", found none");
    }

    /**
     * Reads the class folders in {@code directory} itself.
     *
     * @param imageShape {@code (1 or 3, height, width)}
     * @throws StriateException as for {@link #read(Path, Shape)}
     */
    public static Dataset readSplit(Path directory, Shape imageShape) {
        return readSplit(directory, imageShape, names(folders(directory)));
    }

    /**
     * Reads the class folders in {@code directory} with given classes, such as those of a trained model. Their order is
     * that of the labels.
     *
     * @throws StriateException as for {@link #read(Path, Shape)}, and if there is a folder of another class
     */
    public static Dataset readSplit(Path directory, Shape imageShape, List<String> classNames) {
        return readSplit(directory, imageShape, classNames, Image.DEFAULT_MAX_PIXELS);
    }

    /**
     * Reads like {@link #readSplit(Path, Shape, List)}, with another limit on the size of each picture.
     *
     * @param maxPixels as for {@link Image#read(Path, int)}
     * @throws StriateException as for {@link #readSplit(Path, Shape, List)}
     */
    public static Dataset readSplit(Path directory, Shape imageShape, List<String> classNames, int maxPixels) {
        if (imageShape.rank() != 3
                || imageShape.elements() == 0
                || imageShape.size(0) != 1 && imageShape.size(0) != 3) {
            throw new ShapeException(
                    "ImageFolder: expected a shape (1 or 3 channels, height, width), got " + imageShape);
        }
        List<Path> folders = folders(directory);
        List<String> others = names(folders).stream()
                .filter(name -> !classNames.contains(name))
                .toList();
        if (!others.isEmpty()) {
            throw new StriateException("ImageFolder: " + directory + " has folders of other classes, " + others
                    + "; the classes are " + classNames + ". Rename or remove the others");
        }
        List<Path> files = new ArrayList<>();
        List<Integer> labels = new ArrayList<>();
        Search search = new Search(directory);
        for (Path folder : folders) {
            List<Path> pictures = search.pictures(folder);
            files.addAll(pictures);
            labels.addAll(Collections.nCopies(pictures.size(), classNames.indexOf(name(folder))));
        }
        if (files.isEmpty()) {
            throw noPictures(directory);
        }
        if (!search.skipped.isEmpty()) {
            LOGGER.log(Level.INFO, () -> "ImageFolder: skipped in " + directory + ": " + counts(search.skipped));
        }
        byte[] pixels = allocate(files.size(), imageShape);
        // Decoding is most of the work. Each picture has its place, so the order of threads does not matter.
        IntStream.range(0, files.size()).parallel().forEach(i -> {
            Image image = Image.read(files.get(i), imageShape, maxPixels);
            System.arraycopy(image.pixels(), 0, pixels, i * imageShape.elements(), imageShape.elements());
        });
        int[] ofFile = labels.stream().mapToInt(Integer::intValue).toArray();
        return new ByteImages(pixels, ofFile, imageShape, WHITE, List.copyOf(classNames));
    }

    private static byte[] allocate(int images, Shape imageShape) {
        int bytes = ByteImages.bytes(images, imageShape);
        try {
            return new byte[bytes];
        } catch (OutOfMemoryError e) {
            throw new StriateException(
                    "ImageFolder: " + images + " images of " + imageShape + " take " + bytes + " bytes, and the"
                            + " Java heap has no room for them; its limit is "
                            + Runtime.getRuntime().maxMemory() + " bytes. Start Java"
                            + " with a larger -Xmx or make the images smaller",
                    e);
        }
    }

    /**
     * Returns the class folders, sorted by the code points of their names, as Python does. A name that is not valid in
     * the locale's encoding would be a wrong class name, and could be the same as that of another.
     */
    private static List<Path> folders(Path directory) {
        List<Path> folders = entries(directory).stream()
                .filter(Files::isDirectory)
                .sorted(Comparator.comparing(folder -> name(folder).codePoints().toArray(), Arrays::compare))
                .toList();
        for (Path folder : folders) {
            if (name(folder).indexOf(UNDECODABLE) >= 0) {
                throw new StriateException(
                        "ImageFolder: the name of the class folder \"" + name(folder) + "\" cannot be read in this"
                                + " locale, which encodes names as " + System.getProperty("sun.jnu.encoding")
                                + ". Set LC_ALL=C.UTF-8, or rename the folder");
            }
        }
        return folders;
    }

    private static List<String> names(List<Path> folders) {
        return folders.stream().map(ImageFolder::name).toList();
    }

    private static String name(Path file) {
        return file.getFileName().toString();
    }

    /** Returns the files and folders in a folder, without those that tools create. */
    private static List<Path> entries(Path directory) {
        try (Stream<Path> all = Files.list(directory)) {
            List<Path> entries = all.filter(entry -> !isLeftover(name(entry))).toList();
            for (Path entry : entries) {
                if (Files.isSymbolicLink(entry) && !Files.exists(entry)) {
                    throw new StriateException(
                            "ImageFolder: " + entry + " is a link to " + Files.readSymbolicLink(entry)
                                    + ", which does not exist; restore that or remove the link");
                }
            }
            return entries;
        } catch (IOException | UncheckedIOException e) {
            String reason = e instanceof NoSuchFileException
                    ? "there is no such folder"
                    : e instanceof NotDirectoryException
                            ? "it is not a folder"
                            : e instanceof AccessDeniedException ? "permission denied" : e.toString();
            throw new StriateException("ImageFolder: cannot list the folder " + directory + ": " + reason, e);
        }
    }

    private static boolean isLeftover(String name) {
        return name.startsWith(".") || LEFTOVERS.contains(name.toLowerCase(Locale.ROOT));
    }

    /** {@code 12 webp, 3 txt}, the most frequent first. */
    private static String counts(Map<String, Integer> counts) {
        return counts.entrySet().stream()
                .sorted(Map.Entry.<String, Integer>comparingByValue()
                        .reversed()
                        .thenComparing(Map.Entry.comparingByKey()))
                .limit(ENDINGS_LISTED)
                .map(count -> count.getValue() + " " + count.getKey())
                .collect(Collectors.joining(", ", "", counts.size() > ENDINGS_LISTED ? ", and others" : ""));
    }

    /** The search for pictures in the class folders of a directory. It visits each folder once. */
    private static final class Search {

        private final Path root;
        private final Map<Path, Path> classOfFolder = new HashMap<>();

        /** The number of skipped files by ending. */
        private final Map<String, Integer> skipped = new HashMap<>();

        Search(Path directory) {
            root = real(directory);
            entries(directory).stream()
                    .filter(entry -> !Files.isDirectory(entry))
                    .forEach(file -> skip(skipped, ending(file) + " outside of class folders"));
        }

        /** @throws StriateException if there are none */
        List<Path> pictures(Path classFolder) {
            List<Path> pictures = new ArrayList<>();
            Map<String, Integer> others = new HashMap<>();
            search(classFolder, root, classFolder, pictures, others);
            if (pictures.isEmpty()) {
                throw new StriateException("ImageFolder: the class folder " + classFolder + " has no pictures ("
                        + String.join(", ", ENDINGS) + ")" + (others.isEmpty() ? "" : " but " + counts(others))
                        + "; add some or remove the folder");
            }
            others.forEach((ending, count) -> skipped.merge(ending, count, Integer::sum));
            Collections.sort(pictures);
            return pictures;
        }

        private void search(
                Path folder, Path realParent, Path classFolder, List<Path> pictures, Map<String, Integer> others) {
            Path real = real(folder);
            boolean above = root.startsWith(real) || realParent.startsWith(real);
            Path sameFolderOf = above ? classFolder : classOfFolder.putIfAbsent(real, classFolder);
            if (sameFolderOf != null && !sameFolderOf.equals(classFolder)) {
                throw new StriateException("ImageFolder: " + folder + " is a folder of the class " + name(sameFolderOf)
                        + " too; a picture has one class");
            }
            if (sameFolderOf != null) {
                skip(others, "repeated folders");
                return;
            }
            for (Path entry : entries(folder)) {
                if (Files.isDirectory(entry)) {
                    search(entry, real, classFolder, pictures, others);
                } else if (ENDINGS.contains(ending(entry))) {
                    pictures.add(entry);
                } else {
                    skip(others, ending(entry));
                }
            }
        }

        private static void skip(Map<String, Integer> counts, String ending) {
            counts.merge(ending, 1, Integer::sum);
        }

        private static Path real(Path folder) {
            try {
                return folder.toRealPath();
            } catch (IOException e) {
                throw new StriateException("ImageFolder: cannot find the folder " + folder + ": " + e, e);
            }
        }

        /** Returns the file's ending in lower case, or "other" if it cannot be printed. */
        private static String ending(Path file) {
            String name = name(file);
            String ending = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
            return name.contains(".") && ending.matches("[a-z0-9]{1,8}") ? ending : "other";
        }
    }
}
