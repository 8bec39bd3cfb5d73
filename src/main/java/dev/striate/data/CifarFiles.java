package dev.striate.data;

import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.disk.PrintableText;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads a data set of 32x32 RGB images in any of CIFAR's file formats. A binary file is a sequence of records: the
 * labels, one byte each, then 3,072 bytes for the planes of red, green and blue. The Python files are {@link Pickle
 * pickles} of a dictionary with the same bytes under {@code data} and lists of labels.
 *
 * @param name         the name of the data set in errors
 * @param stem         the start of the names of the archives
 * @param binaryFolder the folder of the binary files in an archive, and after unpacking
 * @param pythonFolder the folder of the pickles in an archive, and after unpacking
 * @param trainFiles   the training files, without {@code .bin}
 * @param testFile     the test file, without {@code .bin}
 * @param labelBytes   the number of labels per record
 * @param labelByte    the index of the label to use, from 0
 * @param labelKey     the key of this label in the pickles
 * @param classNames   the names of its classes
 */
record CifarFiles(
        String name,
        String stem,
        String binaryFolder,
        String pythonFolder,
        List<String> trainFiles,
        String testFile,
        int labelBytes,
        int labelByte,
        String labelKey,
        List<String> classNames) {

    private static final Shape IMAGE = Shape.of(3, 32, 32);
    private static final float WHITE = 255;

    /** The longest array that a JVM allocates, to within a few bytes. */
    private static final int MOST_BYTES = Integer.MAX_VALUE - 8;

    Splits read(Path directory) {
        for (Path place : List.of(directory, directory.resolve(binaryFolder))) {
            if (Files.isRegularFile(place.resolve(testFile + ".bin"))) {
                return readFolder(place, ".bin");
            }
        }
        Path binary = directory.resolve(stem + "-binary.tar.gz");
        if (Files.isRegularFile(binary)) {
            return readArchive(binary);
        }
        for (Path place : List.of(directory, directory.resolve(pythonFolder))) {
            if (Files.isRegularFile(place.resolve(testFile))) {
                return readFolder(place, "");
            }
        }
        Path python = directory.resolve(pythonArchive());
        if (Files.isRegularFile(python)) {
            return readArchive(python);
        }
        throw new StriateException(
                name + ": there is neither " + binary.getFileName() + " nor " + python.getFileName() + " in "
                        + directory + ", nor are their files (" + testFile + ".bin or " + testFile
                        + ") there or in its folders "
                        + binaryFolder + " and " + pythonFolder);
    }

    private String pythonArchive() {
        return stem + "-python.tar.gz";
    }

    private Splits readFolder(Path folder, String ending) {
        Part train = new Part(trainFiles);
        Part test = new Part(List.of(testFile));
        for (Part part : List.of(train, test)) {
            for (String file : part.files) {
                try (DataFile in = DataFile.open(folder.resolve(file + ending))) {
                    part.read(file, ending.isEmpty(), in);
                    in.expectEnd();
                }
            }
        }
        return new Splits(train.images(folder), test.images(folder));
    }

    /** Reads an archive without unpacking it to disk. */
    Splits readArchive(Path archive) {
        Part train = new Part(trainFiles);
        Part test = new Part(List.of(testFile));
        TarGz.forEach(archive, (entry, in) -> {
            for (Part part : List.of(train, test)) {
                for (String file : part.files) {
                    if (entry.equals(binaryFolder + "/" + file + ".bin")) {
                        part.read(file, false, in);
                    } else if (entry.equals(pythonFolder + "/" + file)) {
                        part.read(file, true, in);
                    }
                }
            }
        });
        return new Splits(train.images(archive), test.images(archive));
    }

    /** The training or test images. Their files may occur in any order in an archive. */
    private final class Part {

        private final List<String> files;
        private final Set<String> read = new LinkedHashSet<>();

        /** By file. */
        private final byte[][] pixels;

        private final int[][] labels;

        private Part(List<String> files) {
            this.files = files;
            pixels = new byte[files.size()][];
            labels = new int[files.size()][];
        }

        private void read(String file, boolean pickled, DataFile in) {
            int place = files.indexOf(file);
            if (pickled) {
                readPickle(place, in);
            } else {
                readRecords(place, in);
            }
            int images = labels[place].length;
            int[] others = read.isEmpty()
                    ? labels[place]
                    : labels[files.indexOf(read.iterator().next())];
            if (images == 0) {
                throw in.errorAt(0, "the file has no images");
            }
            if (images != others.length) {
                throw in.errorAt(
                        0, "the file has " + images + " images, but there are " + others.length + " in " + read);
            }
            read.add(file);
        }

        private void readRecords(int place, DataFile in) {
            int record = labelBytes + IMAGE.elements();
            long bytes = in.most();
            if (bytes % record != 0) {
                throw in.errorAt(
                        bytes - bytes % record,
                        "the last record has " + bytes % record + " bytes, expected " + record
                                + "; the file is truncated or has bytes that do not belong to it");
            }
            if (bytes > MOST_BYTES) {
                throw in.errorAt(0, "the file has " + bytes + " bytes, expected at most " + MOST_BYTES);
            }
            byte[] records = in.read((int) bytes, "the images");
            int images = records.length / record;
            labels[place] = new int[images];
            for (int i = 0; i < images; i++) {
                int start = i * record;
                labels[place][i] = checked(records[start + labelByte] & 0xFF, in, start + labelByte);
                // In place, because a copy would need the same amount of memory again.
                System.arraycopy(records, start + labelBytes, records, i * IMAGE.elements(), IMAGE.elements());
            }
            pixels[place] = records;
        }

        private void readPickle(int place, DataFile in) {
            Map<String, Object> batch = Pickle.read(in);
            if (!(batch.get("data") instanceof Pickle.Matrix data)
                    || !(batch.get(labelKey) instanceof List<?> given)
                    || data.columns() != IMAGE.elements()
                    || data.rows() != given.size()) {
                throw in.error("expected a dictionary of data, an array of N x " + IMAGE.elements() + " bytes, and "
                        + labelKey + ", a list of N numbers; found the keys "
                        + PrintableText.excerpt(batch.keySet().toString()));
            }
            labels[place] = given.stream()
                    .mapToInt(label -> checked(label instanceof Integer known ? known : -1, in, in.offset()))
                    .toArray();
            pixels[place] = data.values();
        }

        private int checked(int label, DataFile in, long place) {
            if (label < 0 || label >= classNames.size()) {
                throw in.errorAt(place, "a label is " + label + ", expected 0 .. " + (classNames.size() - 1));
            }
            return label;
        }

        private Dataset images(Path source) {
            if (read.size() < files.size()) {
                boolean pickled = source.endsWith(pythonArchive());
                throw new StriateException(name + ": " + source + " lacks "
                        + files.stream()
                                .filter(file -> !read.contains(file))
                                .map(file -> pickled ? pythonFolder + "/" + file : binaryFolder + "/" + file + ".bin")
                                .toList());
            }
            int[] all = Arrays.stream(labels).flatMapToInt(Arrays::stream).toArray();
            return new ByteImages(pixels, all, IMAGE, WHITE, classNames);
        }
    }
}
