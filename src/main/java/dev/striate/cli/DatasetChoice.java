package dev.striate.cli;

import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.data.Cifar10;
import dev.striate.data.Cifar100;
import dev.striate.data.Datasets;
import dev.striate.data.Downloads;
import dev.striate.data.FashionMnist;
import dev.striate.data.ImageFolder;
import dev.striate.data.Mnist;
import dev.striate.data.Splits;
import dev.striate.data.TinyDigits;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The data sets that the commands know. */
enum DatasetChoice {

    /** The bundled digits, enlarged. */
    DIGITS("8x8 digits"),
    MNIST("MNIST"),
    FASHION_MNIST("Fashion-MNIST"),
    CIFAR10("CIFAR-10"),
    CIFAR100("CIFAR-100"),
    /** A folder with a folder of pictures per class. */
    FOLDER("an image folder");

    private static final int MNIST_SIDE = 28;

    private final String title;

    DatasetChoice(String title) {
        this.title = title;
    }

    /** Returns the name for printed text. */
    String title() {
        return title;
    }

    /**
     * Returns the width of the black border around images in a network's input. Images of 28x28 pixels are padded to
     * 32x32, not enlarged.
     */
    int border(Shape input) {
        boolean framed = this == MNIST || this == FASHION_MNIST;
        return framed ? Math.max(0, (input.size(1) - MNIST_SIDE) / 2) : 0;
    }

    /**
     * Reads the data set.
     *
     * @param directory its directory, or null to use the cache or a download
     * @param input     the shape of the network's input, {@code (channels, height, width)}, to which the images are
     *     fitted
     * @param maxPixels the maximum size of a picture in a folder, in pixels
     * @throws StriateException if it is not available or does not fit the network
     */
    Splits load(@Nullable Path directory, Downloads downloads, Shape input, int maxPixels) {
        if (this == DIGITS && directory != null) {
            throw new StriateException("the data set 'digits' is part of the program; remove --data " + directory);
        }
        if (directory != null && Files.notExists(directory)) {
            throw new StriateException("--data: " + directory + " does not exist");
        }
        Splits splits = switch (this) {
            case DIGITS -> new Splits(TinyDigits.train(), TinyDigits.test());
            case MNIST -> directory == null ? Mnist.download(downloads) : Mnist.read(directory);
            case FASHION_MNIST -> directory == null ? FashionMnist.download(downloads) : FashionMnist.read(directory);
            case CIFAR10 -> directory == null ? Cifar10.download(downloads) : Cifar10.read(directory);
            case CIFAR100 -> directory == null ? Cifar100.download(downloads) : Cifar100.read(directory);
            case FOLDER -> ImageFolder.read(requireDirectory(directory), input, maxPixels);
        };
        int border = border(input);
        Splits fitted = border > 0
                ? splits.map(images -> Datasets.pad(images, border))
                : splits.map(images -> Datasets.resize(images, input.size(1), input.size(2)));
        if (!fitted.train().imageShape().equals(input)) {
            throw new StriateException(title + " has images of the shape "
                    + splits.train().imageShape() + "; the network expects " + input);
        }
        return fitted;
    }

    private static Path requireDirectory(@Nullable Path directory) {
        if (directory == null) {
            throw new StriateException(
                    "the data set 'folder' needs --data DIR, with pictures in DIR/train/CLASS and DIR/test/CLASS");
        }
        return directory;
    }

    /** Returns the name in options and files. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** @throws StriateException if there is no data set with this name */
    static DatasetChoice named(String name) {
        return Arrays.stream(values())
                .filter(each -> each.toString().equals(name))
                .findFirst()
                .orElseThrow(() -> new StriateException(
                        "unknown data set \"" + name + "\"; known are " + Arrays.toString(values())));
    }
}
