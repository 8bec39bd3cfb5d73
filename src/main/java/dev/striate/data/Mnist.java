package dev.striate.data;

import dev.striate.StriateException;
import java.nio.file.Path;
import java.util.List;

/**
 * Handwritten digits: 60,000 images for training and 10,000 for testing, {@code (1, 28, 28)} with values from 0 (paper) to 1
 * (ink), held as bytes. Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", 1998.
 */
public final class Mnist {

    private static final IdxFiles FILES = new IdxFiles("MNIST", List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"));

    private Mnist() {}

    /**
     * Reads the four files {@code train-images-idx3-ubyte}, {@code train-labels-idx1-ubyte}, {@code t10k-images-idx3-ubyte} and
     * {@code t10k-labels-idx1-ubyte}, each plain or packed ({@code .gz}), from {@code directory} or, as torchvision places them,
     * from {@code MNIST/raw} in it. They may hold fewer images than the originals.
     *
     * @throws StriateException if a file is missing, truncated or not what it should be; the message names file and offset
     */
    public static Splits read(Path directory) {
        return FILES.read(directory);
    }
}
