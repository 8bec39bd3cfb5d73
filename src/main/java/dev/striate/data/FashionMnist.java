package dev.striate.data;

import dev.striate.StriateException;
import java.nio.file.Path;
import java.util.List;

/**
 * Fashion-MNIST: pictures of clothes in the format of MNIST, 60,000 for training and 10,000 for testing. Images are
 * {@code (1, 28, 28)} with values from 0 (background) to 1, stored as bytes. H. Xiao, K. Rasul, R. Vollgraf,
 * "Fashion-MNIST", 2017, arXiv:1708.07747.
 */
public final class FashionMnist {

    /** The last two sources are those of the authors. The one on S3 has no https, but the SHA-256 is checked. */
    private static final List<String> PLACES = List.of(
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/");

    private static final IdxFiles FILES = new IdxFiles(
            "FashionMNIST",
            List.of(
                    "T-shirt/top",
                    "Trouser",
                    "Pullover",
                    "Dress",
                    "Coat",
                    "Sandal",
                    "Shirt",
                    "Sneaker",
                    "Bag",
                    "Ankle boot"),
            List.of(
                    file(
                            "train-images-idx3-ubyte.gz",
                            26_421_880,
                            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
                    file(
                            "train-labels-idx1-ubyte.gz",
                            29_515,
                            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
                    file(
                            "t10k-images-idx3-ubyte.gz",
                            4_422_102,
                            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
                    file(
                            "t10k-labels-idx1-ubyte.gz",
                            5_148,
                            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5")));

    private FashionMnist() {}

    private static RemoteFile file(String name, long bytes, String sha256) {
        return IdxFiles.file("FashionMNIST", name, bytes, sha256, PLACES);
    }

    /**
     * Reads the four files, which have the same names as those of {@link Mnist#read MNIST}, from {@code directory} or
     * from its folder {@code FashionMNIST/raw}, which torchvision uses.
     *
     * @throws StriateException if a file is missing, truncated or invalid; the message names the file and the offset
     */
    public static Splits read(Path directory) {
        return FILES.read(directory);
    }

    /**
     * Reads the four files (about 31 MB) from the cache, and downloads missing ones first.
     *
     * @throws StriateException as for {@link Downloads#fetch}
     */
    public static Splits download(Downloads downloads) {
        return FILES.download(downloads);
    }
}
