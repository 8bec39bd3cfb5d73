package dev.striate.data;

import dev.striate.Shape;
import dev.striate.StriateException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads a data set of 28x28 greyscale images in the four files of MNIST. An idx file consists of a magic number, 0x0803
 * for images and 0x0801 for labels (type unsigned byte, 3 or 1 axes), the size of each axis as a big-endian 32-bit
 * number, and the bytes.
 *
 * @param folder     the name of the data set in torchvision
 * @param classNames the names of the classes
 * @param published  the four published files, in {@code FOLDER/raw} of the cache
 */
record IdxFiles(String folder, List<String> classNames, List<RemoteFile> published) {

    private static final int IMAGES = 0x0803;
    private static final int LABELS = 0x0801;
    private static final int SIDE = 28;
    private static final float WHITE = 255;

    Splits read(Path directory) {
        return new Splits(part(directory, "train"), part(directory, "t10k"));
    }

    Splits download(Downloads downloads) {
        published.forEach(downloads::fetch);
        return read(downloads.directory().resolve(folder).resolve("raw"));
    }

    /**
     * Returns a published file of a data set.
     *
     * @param places the start of the address for each source, to which the name is appended
     */
    static RemoteFile file(String folder, String name, long bytes, String sha256, List<String> places) {
        return new RemoteFile(
                folder + "/raw/" + name,
                bytes,
                sha256,
                places.stream().map(place -> URI.create(place + name)).toList());
    }

    private Dataset part(Path directory, String prefix) {
        Path imageFile = find(directory, prefix + "-images", "idx3-ubyte");
        Path labelFile = find(directory, prefix + "-labels", "idx1-ubyte");
        byte[] pixels;
        int images;
        try (DataFile in = DataFile.open(imageFile)) {
            images = count(in, IMAGES, "images", SIDE * SIDE);
            pixels = in.read(images * SIDE * SIDE, "the images");
            in.expectEnd();
        }
        int[] labels;
        try (DataFile in = DataFile.open(labelFile)) {
            int count = count(in, LABELS, "labels", 1);
            if (count != images) {
                throw in.errorAt(4, "there are " + count + " labels, but " + images + " images in " + imageFile);
            }
            labels = new int[count];
            for (int i = 0; i < count; i++) {
                labels[i] = in.readByte("label " + i);
                if (labels[i] >= classNames.size()) {
                    throw in.errorAt(
                            in.offset() - 1,
                            "the label of image " + i + " is " + labels[i] + ", expected 0 .. "
                                    + (classNames.size() - 1));
                }
            }
            in.expectEnd();
        }
        return new ByteImages(pixels, labels, Shape.of(1, SIDE, SIDE), WHITE, classNames);
    }

    /** Reads the header of a file and returns the number of items. It is checked before memory is allocated. */
    private static int count(DataFile in, int magic, String what, int bytesEach) {
        int found = in.readInt("the magic number");
        if (found != magic) {
            throw in.errorAt(
                    0,
                    String.format(
                            "the magic number is 0x%08x, expected 0x%08x, an idx file of %s", found, magic, what));
        }
        int count = in.readInt("the number of " + what);
        for (int axis = 1; magic == IMAGES && axis <= 2; axis++) {
            int side = in.readInt("the size of an image");
            if (side != SIDE) {
                throw in.errorAt(
                        in.offset() - 4,
                        "the images have " + side + (axis == 1 ? " rows" : " columns") + ", expected " + SIDE);
            }
        }
        long room = Math.min(in.most(), Integer.MAX_VALUE) / bytesEach;
        if (count < 1 || count > room) {
            throw in.errorAt(
                    4,
                    "the header claims " + Integer.toUnsignedString(count) + " " + what + ", but there is room for"
                            + " 1 .. " + room);
        }
        return count;
    }

    /** Returns the file under one of its usual names. Uncompressed files have priority. */
    private Path find(Path directory, String stem, String type) {
        List<Path> candidates = new ArrayList<>();
        for (Path place : List.of(
                directory, directory.resolve("raw"), directory.resolve(folder).resolve("raw"))) {
            for (String ending : List.of("", ".gz")) {
                candidates.add(place.resolve(stem + "-" + type + ending));
                candidates.add(place.resolve(stem + "." + type + ending));
            }
        }
        return candidates.stream()
                .filter(Files::isRegularFile)
                .findFirst()
                .orElseThrow(() -> new StriateException(folder + ": there is no " + stem + "-" + type + " nor " + stem
                        + "-" + type + ".gz in " + directory + ", its folder raw, or its folder " + folder + "/raw"));
    }
}
