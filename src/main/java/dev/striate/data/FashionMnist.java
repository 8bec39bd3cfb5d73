package dev.striate.data;

import dev.striate.StriateException;
import java.nio.file.Path;
import java.util.List;

/**
 * Pictures of clothes in the form of MNIST: 60,000 images for training and 10,000 for testing, {@code (1, 28, 28)} with values
 * from 0 (ground) to 1, held as bytes. H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST", 2017, arXiv:1708.07747.
 */
public final class FashionMnist {

    private static final IdxFiles FILES = new IdxFiles("FashionMNIST", List.of("T-shirt/top", "Trouser", "Pullover", "Dress",
            "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"));

    private FashionMnist() {}

    /**
     * Reads the four files, which are called as those of {@link Mnist#read MNIST}, from {@code directory} or, as torchvision
     * places them, from {@code FashionMNIST/raw} in it.
     *
     * @throws StriateException if a file is missing, truncated or not what it should be; the message names file and offset
     */
    public static Splits read(Path directory) {
        return FILES.read(directory);
    }
}
