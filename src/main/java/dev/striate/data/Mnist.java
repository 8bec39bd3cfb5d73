package dev.striate.data;

import dev.striate.StriateException;
import java.nio.file.Path;
import java.util.List;

/**
 * MNIST: handwritten digits, 60,000 for training and 10,000 for testing. Images are {@code (1, 28, 28)} with values
 * from 0 (paper) to 1 (ink), stored as bytes. Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten
 * digits", 1998.
 */
public final class Mnist {

    private static final List<String> PLACES = List.of(
            "https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/");

    private static final List<String> DIGITS = List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");

    private static final IdxFiles FILES = new IdxFiles(
            "MNIST",
            DIGITS,
            List.of(
                    file(
                            "train-images-idx3-ubyte.gz",
                            9_912_422,
                            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
                    file(
                            "train-labels-idx1-ubyte.gz",
                            28_881,
                            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
                    file(
                            "t10k-images-idx3-ubyte.gz",
                            1_648_877,
                            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
                    file(
                            "t10k-labels-idx1-ubyte.gz",
                            4_542,
                            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6")));

    private Mnist() {}

    private static RemoteFile file(String name, long bytes, String sha256) {
        return IdxFiles.file("MNIST", name, bytes, sha256, PLACES);
    }

    /**
     * Reads the four files {@code train-images-idx3-ubyte}, {@code train-labels-idx1-ubyte}, {@code
     * t10k-images-idx3-ubyte} and {@code t10k-labels-idx1-ubyte}, each uncompressed or compressed ({@code .gz}), from
     * {@code directory} or from its folder {@code MNIST/raw}, which torchvision uses. They may contain fewer images
     * than the originals.
     *
     * @throws StriateException if a file is missing, truncated or invalid; the message names the file and the offset
     */
    public static Splits read(Path directory) {
        return FILES.read(directory);
    }

    /**
     * Reads the four files (about 12 MB) from the cache, and downloads missing ones first.
     *
     * @throws StriateException as for {@link Downloads#fetch}
     */
    public static Splits download(Downloads downloads) {
        return FILES.download(downloads);
    }
}
