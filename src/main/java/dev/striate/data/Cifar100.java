package dev.striate.data;

import dev.striate.StriateException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;

/**
 * CIFAR-100: small colour photographs of 100 classes in 20 groups, 50,000 for training and 10,000 for testing. Images
 * are {@code (3, 32, 32)} with values from 0 to 1, stored as bytes. A. Krizhevsky, "Learning Multiple Layers of
 * Features from Tiny Images", 2009.
 */
public final class Cifar100 {

    private static final CifarFiles FINE = files(
            1,
            "fine_labels",
            List.of(
                    "apple",
                    "aquarium_fish",
                    "baby",
                    "bear",
                    "beaver",
                    "bed",
                    "bee",
                    "beetle",
                    "bicycle",
                    "bottle",
                    "bowl",
                    "boy",
                    "bridge",
                    "bus",
                    "butterfly",
                    "camel",
                    "can",
                    "castle",
                    "caterpillar",
                    "cattle",
                    "chair",
                    "chimpanzee",
                    "clock",
                    "cloud",
                    "cockroach",
                    "couch",
                    "crab",
                    "crocodile",
                    "cup",
                    "dinosaur",
                    "dolphin",
                    "elephant",
                    "flatfish",
                    "forest",
                    "fox",
                    "girl",
                    "hamster",
                    "house",
                    "kangaroo",
                    "keyboard",
                    "lamp",
                    "lawn_mower",
                    "leopard",
                    "lion",
                    "lizard",
                    "lobster",
                    "man",
                    "maple_tree",
                    "motorcycle",
                    "mountain",
                    "mouse",
                    "mushroom",
                    "oak_tree",
                    "orange",
                    "orchid",
                    "otter",
                    "palm_tree",
                    "pear",
                    "pickup_truck",
                    "pine_tree",
                    "plain",
                    "plate",
                    "poppy",
                    "porcupine",
                    "possum",
                    "rabbit",
                    "raccoon",
                    "ray",
                    "road",
                    "rocket",
                    "rose",
                    "sea",
                    "seal",
                    "shark",
                    "shrew",
                    "skunk",
                    "skyscraper",
                    "snail",
                    "snake",
                    "spider",
                    "squirrel",
                    "streetcar",
                    "sunflower",
                    "sweet_pepper",
                    "table",
                    "tank",
                    "telephone",
                    "television",
                    "tiger",
                    "tractor",
                    "train",
                    "trout",
                    "tulip",
                    "turtle",
                    "wardrobe",
                    "whale",
                    "willow_tree",
                    "wolf",
                    "woman",
                    "worm"));

    private static final CifarFiles COARSE = files(
            0,
            "coarse_labels",
            List.of(
                    "aquatic_mammals",
                    "fish",
                    "flowers",
                    "food_containers",
                    "fruit_and_vegetables",
                    "household_electrical_devices",
                    "household_furniture",
                    "insects",
                    "large_carnivores",
                    "large_man-made_outdoor_things",
                    "large_natural_outdoor_scenes",
                    "large_omnivores_and_herbivores",
                    "medium_mammals",
                    "non-insect_invertebrates",
                    "people",
                    "reptiles",
                    "small_mammals",
                    "trees",
                    "vehicles_1",
                    "vehicles_2"));

    private static final RemoteFile ARCHIVE = new RemoteFile(
            "cifar-100-binary.tar.gz",
            168_513_733,
            "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
            List.of(
                    URI.create("https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz"),
                    URI.create("https://cave.cs.toronto.edu/kriz/cifar-100-binary.tar.gz")));

    private Cifar100() {}

    private static CifarFiles files(int labelByte, String labelKey, List<String> classNames) {
        return new CifarFiles(
                "CIFAR-100",
                "cifar-100",
                "cifar-100-binary",
                "cifar-100-python",
                List.of("train"),
                "test",
                2,
                labelByte,
                labelKey,
                classNames);
    }

    /**
     * Reads the images with their fine labels (100 classes). Reads the binary version ({@code train.bin} and {@code
     * test.bin}) from {@code directory}, from its folder {@code cifar-100-binary}, or from its archive {@code
     * cifar-100-binary.tar.gz}. If there is none, reads the Python version: {@code cifar-100-python} or {@code
     * cifar-100-python.tar.gz}, the names that torchvision uses. Pickles are parsed, never executed.
     *
     * @throws StriateException if a file is missing, truncated or invalid; the message names the file and the offset
     */
    public static Splits read(Path directory) {
        return FINE.read(directory);
    }

    /** Reads like {@link #read}, but with the coarse labels (20 classes). */
    public static Splits readCoarse(Path directory) {
        return COARSE.read(directory);
    }

    /**
     * Reads the archive of the binary version (169 MB) with the fine labels from the cache, and downloads it first if
     * it is missing.
     *
     * @throws StriateException as for {@link Downloads#fetch}
     */
    public static Splits download(Downloads downloads) {
        return FINE.readArchive(downloads.fetch(ARCHIVE));
    }

    /** Reads like {@link #download}, but with the coarse labels (20 classes). */
    public static Splits downloadCoarse(Downloads downloads) {
        return COARSE.readArchive(downloads.fetch(ARCHIVE));
    }
}
