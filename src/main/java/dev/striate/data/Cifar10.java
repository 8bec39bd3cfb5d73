package dev.striate.data;

import dev.striate.StriateException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;

/**
 * CIFAR-10: small colour photographs of 10 classes, 50,000 for training and 10,000 for testing. Images are {@code (3,
 * 32, 32)} with values from 0 to 1, stored as bytes. A. Krizhevsky, "Learning Multiple Layers of Features from Tiny
 * Images", 2009.
 */
public final class Cifar10 {

    private static final CifarFiles FILES = new CifarFiles(
            "CIFAR-10",
            "cifar-10",
            "cifar-10-batches-bin",
            "cifar-10-batches-py",
            List.of("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5"),
            "test_batch",
            1,
            0,
            "labels",
            List.of("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"));

    private static final RemoteFile ARCHIVE = new RemoteFile(
            "cifar-10-binary.tar.gz",
            170_052_171,
            "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            List.of(
                    URI.create("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"),
                    URI.create(
                            "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/cifar-10-binary.tar.gz"),
                    URI.create("https://cave.cs.toronto.edu/kriz/cifar-10-binary.tar.gz")));

    private Cifar10() {}

    /**
     * Reads the binary version ({@code data_batch_1.bin} .. {@code data_batch_5.bin} and {@code test_batch.bin}) from
     * {@code directory}, from its folder {@code cifar-10-batches-bin}, or from its archive {@code
     * cifar-10-binary.tar.gz}. If there is none, reads the Python version: {@code cifar-10-batches-py} or {@code
     * cifar-10-python.tar.gz}, the names that torchvision uses. Pickles are parsed, never executed. The files may
     * contain fewer images than the originals, but all files must contain the same number.
     *
     * @throws StriateException if a file is missing, truncated or invalid; the message names the file and the offset
     */
    public static Splits read(Path directory) {
        return FILES.read(directory);
    }

    /**
     * Reads the archive of the binary version (170 MB) from the cache, and downloads it first if it is missing.
     *
     * @throws StriateException as for {@link Downloads#fetch}
     */
    public static Splits download(Downloads downloads) {
        return FILES.readArchive(downloads.fetch(ARCHIVE));
    }
}
