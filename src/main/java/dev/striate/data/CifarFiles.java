package dev.striate.data;

import dev.striate.Shape;
import dev.striate.StriateException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A data set of 32x32 RGB images in the files of CIFAR, in any of the forms that it is handed out in. A binary file is a sequence
 * of records: the labels, one byte each, then 3,072 bytes, the planes of red, green and blue. The Python files are {@link Pickle
 * pickles} of a dictionary with the same bytes under {@code data} and lists of labels.
 *
 * @param name         what errors call it
 * @param stem         what the names of the archives start with
 * @param binaryFolder where the binary files are in an archive, and so where they are unpacked to
 * @param pythonFolder the same for pickles
 * @param trainFiles   the files to train on, without {@code .bin}
 * @param testFile     the file to test on, without {@code .bin}
 * @param labelBytes   how many labels a record has
 * @param labelByte    which of them counts, from 0
 * @param labelKey     the same in the pickles
 * @param classNames   of that label
 */
record CifarFiles(String name, String stem, String binaryFolder, String pythonFolder, List<String> trainFiles, String testFile,
        int labelBytes, int labelByte, String labelKey, List<String> classNames) {

    private static final Shape IMAGE = Shape.of(3, 32, 32);
    private static final float WHITE = 255;

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
        Path python = directory.resolve(stem + "-python.tar.gz");
        if (Files.isRegularFile(python)) {
            return readArchive(python);
        }
        throw new StriateException(name + ": there is neither " + binary.getFileName() + " nor " + python.getFileName() + " in "
                + directory + ", nor are their files (" + testFile + ".bin or " + testFile + ") there or in its folders "
                + binaryFolder + " and " + pythonFolder);
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

    /** Reads an archive as it was downloaded. */
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

    /** The images for training or testing, which may come in any order of files. */
    private final class Part {

        private final List<String> files;
        private final Set<String> read = new HashSet<>();
        private int imagesEach;
        private byte[] pixels = {};
        private int[] labels = {};

        private Part(List<String> files) {
            this.files = files;
        }

        private void read(String file, boolean pickled, DataFile in) {
            if (pickled) {
                readPickle(file, in);
            } else {
                readRecords(file, in);
            }
            read.add(file);
        }

        private void readRecords(String file, DataFile in) {
            int record = labelBytes + IMAGE.elements();
            long bytes = in.most();
            if (bytes % record != 0) {
                throw in.errorAt(bytes - bytes % record, "the last record has " + bytes % record + " bytes, expected " + record
                        + "; the file is truncated or has bytes that do not belong to it");
            }
            int first = reserve(file, bytes / record, in);
            for (int i = first; i < first + imagesEach; i++) {
                for (int k = 0; k < labelBytes; k++) {
                    int label = in.readByte("a label");
                    if (k == labelByte) {
                        labels[i] = checked(label, in, in.offset() - 1);
                    }
                }
                in.readFully(pixels, i * IMAGE.elements(), IMAGE.elements(), "an image");
            }
        }

        private void readPickle(String file, DataFile in) {
            Map<String, Object> batch = Pickle.read(in);
            if (!(batch.get("data") instanceof Pickle.Matrix data) || !(batch.get(labelKey) instanceof List<?> given)
                    || data.columns() != IMAGE.elements() || data.rows() != given.size()) {
                throw in.error("expected a dictionary of data, an array of N x " + IMAGE.elements() + " bytes, and " + labelKey
                        + ", a list of N numbers; found the keys " + batch.keySet());
            }
            int first = reserve(file, data.rows(), in);
            System.arraycopy(data.values(), 0, pixels, first * IMAGE.elements(), data.values().length);
            for (int i = 0; i < imagesEach; i++) {
                labels[first + i] = checked(given.get(i) instanceof Integer label ? label : -1, in, in.offset());
            }
        }

        /** Makes room for a file's images at its place among the files. All have as many: the first one says how many. */
        private int reserve(String file, long images, DataFile in) {
            if (read.isEmpty()) {
                if (images < 1 || images * files.size() * IMAGE.elements() > Integer.MAX_VALUE) {
                    throw in.errorAt(0, "the file has " + images + " images, expected 1 .. "
                            + Integer.MAX_VALUE / IMAGE.elements() / files.size());
                }
                imagesEach = (int) images;
                pixels = new byte[imagesEach * files.size() * IMAGE.elements()];
                labels = new int[imagesEach * files.size()];
            } else if (images != imagesEach) {
                throw in.errorAt(0, "the file has " + images + " images, but there are " + imagesEach + " in " + read);
            }
            return files.indexOf(file) * imagesEach;
        }

        private int checked(int label, DataFile in, long place) {
            if (label < 0 || label >= classNames.size()) {
                throw in.errorAt(place, "a label is " + label + ", expected 0 .. " + (classNames.size() - 1));
            }
            return label;
        }

        private Dataset images(Path source) {
            if (read.size() < files.size()) {
                throw new StriateException(name + ": " + source + " lacks " + files.stream().filter(file -> !read.contains(file))
                        .map(file -> binaryFolder + "/" + file + ".bin").toList());
            }
            return new ByteImages(pixels, labels, IMAGE, WHITE, classNames);
        }
    }
}
