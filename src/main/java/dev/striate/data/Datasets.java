package dev.striate.data;

import dev.striate.Generator;
import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.io.Image;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/** Views of data sets, and statistics over a whole data set. */
public final class Datasets {

    private static final float WHITE = 255;

    /** Separates the random numbers of splits from others with the same seed: "split" in ASCII. */
    private static final long SPLIT = 0x73706C6974L;

    private Datasets() {}

    /**
     * Returns the images with a border of zeros, {@code pixels} wide on each side: with 2, 28x28 becomes 32x32. The
     * data set is not copied.
     *
     * @throws StriateException if {@code pixels} is negative, or an image would have 2^31 values or more
     */
    public static Dataset pad(Dataset dataset, int pixels) {
        if (pixels < 0) {
            throw new StriateException("Datasets.pad: a border has 0 or more pixels, got " + pixels);
        }
        Shape image = dataset.imageShape();
        if (Math.max(image.size(1), image.size(2)) + 2L * pixels > Integer.MAX_VALUE) {
            throw new StriateException("Datasets.pad: a border of " + pixels + " pixels around images of " + image
                    + " makes sides of 2^31 pixels or more");
        }
        return pixels == 0 ? dataset : new Padded(dataset, pixels);
    }

    /**
     * Returns the images scaled by {@link Image#resize}, without keeping their proportions. They are stored as bytes in
     * new memory.
     *
     * @throws StriateException if the images do not have 1 or 3 channels, a value is not in 0 .. 1, a side is below 1,
     *     or all images together have 2^31 values or more
     */
    public static Dataset resize(Dataset dataset, int height, int width) {
        Shape from = dataset.imageShape();
        Shape to = Shape.ofPositive(from.size(0), height, width);
        int size = dataset.size();
        byte[] resized = new byte[ByteImages.bytes(size, to)];
        int[] labels = new int[size];
        float[] values = new float[from.elements()];
        for (int i = 0; i < size; i++) {
            dataset.read(i, values, 0);
            byte[] bytes = new byte[values.length];
            for (int k = 0; k < values.length; k++) {
                if (!(values[k] >= 0 && values[k] <= 1)) {
                    throw new StriateException(
                            "Datasets.resize: image " + i + " has the value " + values[k] + ", expected 0 .. 1");
                }
                bytes[k] = (byte) Math.round(values[k] * WHITE);
            }
            System.arraycopy(
                    new Image(bytes, from).resize(height, width).pixels(),
                    0,
                    resized,
                    i * to.elements(),
                    to.elements());
            labels[i] = dataset.label(i);
        }
        return new ByteImages(resized, labels, to, WHITE, dataset.classNames());
    }

    /**
     * Returns a subset of {@code images} images: the first images of each class, in the order of the data set. Each
     * class is represented in proportion to its size (rounded by the largest-remainder method). The selection is not
     * random: the same data set and number always give the same images. The data set is not copied.
     *
     * @throws StriateException unless {@code images} is in 1 .. {@link Dataset#size() size}
     */
    public static Dataset subset(Dataset dataset, int images) {
        int size = dataset.size();
        requireSubset(images, size);
        int[] left = shares(dataset, images);
        return new Subset(
                dataset,
                IntStream.range(0, size)
                        .filter(i -> left[dataset.label(i)]-- > 0)
                        .toArray());
    }

    /**
     * Returns the first {@code images} images. The data set is not copied.
     *
     * @throws StriateException unless {@code images} is in 1 .. {@link TargetDataset#size() size}
     */
    public static TargetDataset subset(TargetDataset dataset, int images) {
        requireSubset(images, dataset.size());
        return new TargetSubset(dataset, IntStream.range(0, images).toArray());
    }

    private static void requireSubset(int images, int size) {
        if (images < 1 || images > size) {
            throw new StriateException("Datasets.subset: expected 1 .. " + size + " images, got " + images);
        }
    }

    /**
     * Splits a data set at random, for example to hold out a part of the training images for validation:
     *
     * <pre>{@code
     * Parts<Dataset> parts = Datasets.split(TinyDigits.train(), 0.1, seed);
     * DataLoader train = DataLoader.of(parts.first(), 32).shuffle(seed);
     * DataLoader validation = DataLoader.of(parts.second(), 32);
     * }</pre>
     *
     * The second part has {@code fraction * size} images, rounded to the nearest number (halves up). In both parts,
     * each class is represented in proportion to its size (rounded by the largest-remainder method), and the images are
     * in the order of the data set. The same labels, fraction and seed always give the same parts. The data set is not
     * copied.
     *
     * @throws StriateException if a part would be empty
     */
    public static Parts<Dataset> split(Dataset dataset, double fraction, long seed) {
        int images = secondPart(dataset, fraction);
        int[] left = shares(dataset, images);
        boolean[] second = new boolean[dataset.size()];
        for (int i : order(dataset, seed)) {
            second[i] = left[dataset.label(i)]-- > 0;
        }
        return new Parts<>(new Subset(dataset, indices(second, false)), new Subset(dataset, indices(second, true)));
    }

    /**
     * Splits a data set at random like {@link #split(Dataset, double, long)}, but without regard to the targets.
     *
     * @throws StriateException if a part would be empty
     */
    public static Parts<TargetDataset> split(TargetDataset dataset, double fraction, long seed) {
        int images = secondPart(dataset, fraction);
        boolean[] second = new boolean[dataset.size()];
        Arrays.stream(order(dataset, seed)).limit(images).forEach(i -> second[i] = true);
        return new Parts<>(
                new TargetSubset(dataset, indices(second, false)), new TargetSubset(dataset, indices(second, true)));
    }

    private static int secondPart(ImageSource dataset, double fraction) {
        int size = dataset.size();
        long images = Math.round(fraction * size);
        if (images < 1 || images >= size) {
            throw new StriateException("Datasets.split: expected a fraction that leaves each part at least 1 of the "
                    + size + " images, got " + fraction);
        }
        return (int) images;
    }

    private static int[] order(ImageSource dataset, long seed) {
        return new Generator(seed ^ SPLIT).permutation(dataset.size());
    }

    private static int[] indices(boolean[] second, boolean wanted) {
        return IntStream.range(0, second.length)
                .filter(i -> second[i] == wanted)
                .toArray();
    }

    private static int[] shares(Dataset dataset, int images) {
        int size = dataset.size();
        long[] counts = new long[dataset.classes()];
        for (int i = 0; i < size; i++) {
            counts[dataset.label(i)]++;
        }
        int[] shares = new int[counts.length];
        Integer[] byRemainder = new Integer[counts.length];
        int rest = images;
        for (int c = 0; c < counts.length; c++) {
            shares[c] = (int) (counts[c] * images / size);
            rest -= shares[c];
            byRemainder[c] = c;
        }
        // The sort is stable, so that of two equal remainders the first class gets the image.
        Arrays.sort(byRemainder, (a, b) -> Long.compare(counts[b] * images % size, counts[a] * images % size));
        for (int i = 0; i < rest; i++) {
            shares[byRemainder[i]]++;
        }
        return shares;
    }

    /**
     * Returns the transform that gives each channel mean 0 and standard deviation 1 over all pixels of the data set.
     *
     * @throws StriateException if a channel has the same value everywhere
     */
    public static Normalize meanAndDeviation(ImageSource dataset) {
        int channels = dataset.imageShape().size(0);
        int plane = dataset.imageShape().elements() / channels;
        // Sums the distances from the first pixel of each channel. They are exactly 0 for a constant channel, and there
        // is no cancellation if the values are close together and far from 0.
        double[] origins = new double[channels];
        double[] sums = new double[channels];
        double[] squares = new double[channels];
        float[] image = new float[channels * plane];
        for (int i = 0; i < dataset.size(); i++) {
            dataset.read(i, image, 0);
            for (int c = 0; c < channels; c++) {
                if (i == 0) {
                    origins[c] = image[c * plane];
                }
                double origin = origins[c];
                double sum = 0;
                double square = 0;
                for (int k = c * plane; k < (c + 1) * plane; k++) {
                    double distance = image[k] - origin;
                    sum += distance;
                    square += distance * distance;
                }
                sums[c] += sum;
                squares[c] += square;
            }
        }
        double count = (double) dataset.size() * plane;
        float[] mean = new float[channels];
        float[] deviation = new float[channels];
        for (int c = 0; c < channels; c++) {
            double distance = sums[c] / count;
            mean[c] = (float) (origins[c] + distance);
            deviation[c] = (float) Math.sqrt(Math.max(0, squares[c] / count - distance * distance));
        }
        return new Normalize(mean, deviation);
    }

    /**
     * Returns the data set with the labels of another list of classes, matched by name: an image of the class {@code
     * "cat"} gets the index of {@code "cat"} in {@code classNames} as its label. The data set is not copied.
     *
     * @throws StriateException if a class of the data set is missing in the list, or occurs there more than once
     */
    public static Dataset withClasses(Dataset dataset, List<String> classNames) {
        List<String> own = dataset.classNames();
        if (own.equals(classNames)) {
            return dataset;
        }
        Map<String, Integer> labels = new HashMap<>();
        Set<String> repeated = new HashSet<>();
        for (int label = 0; label < classNames.size(); label++) {
            if (labels.put(classNames.get(label), label) != null) {
                repeated.add(classNames.get(label));
            }
        }
        int[] newLabels = new int[own.size()];
        for (int label = 0; label < newLabels.length; label++) {
            String name = own.get(label);
            if (!labels.containsKey(name) || repeated.contains(name)) {
                throw new StriateException("Datasets.withClasses: expected the class \"" + name
                        + "\" once in the list, got it " + (repeated.contains(name) ? "more than once" : "not at all"));
            }
            newLabels[label] = labels.get(name);
        }
        return new Relabelled(dataset, newLabels, List.copyOf(classNames));
    }

    /** The common part of the views: delegates to the source. */
    private abstract static class View implements Dataset {

        final Dataset source;

        View(Dataset source) {
            this.source = source;
        }

        @Override
        public int size() {
            return source.size();
        }

        @Override
        public Shape imageShape() {
            return source.imageShape();
        }

        @Override
        public int classes() {
            return source.classes();
        }

        @Override
        public List<String> classNames() {
            return source.classNames();
        }
    }

    private static final class Padded extends View {

        private final int border;
        private final Shape shape;

        Padded(Dataset source, int border) {
            super(source);
            this.border = border;
            Shape from = source.imageShape();
            this.shape = Shape.of(from.size(0), from.size(1) + 2 * border, from.size(2) + 2 * border);
        }

        @Override
        public Shape imageShape() {
            return shape;
        }

        @Override
        public void read(int index, float[] target, int offset) {
            Shape from = source.imageShape();
            int height = from.size(1);
            int width = from.size(2);
            int end = offset + shape.elements();
            int row = end - from.elements();
            // First the image is read into the end of its range. Then each row moves towards the front. It never
            // overwrites a row that has not moved yet.
            source.read(index, target, row);
            int filled = offset;
            for (int c = 0; c < from.size(0); c++) {
                for (int y = 0; y < height; y++, row += width) {
                    int place = offset + (c * shape.size(1) + y + border) * shape.size(2) + border;
                    System.arraycopy(target, row, target, place, width);
                    Arrays.fill(target, filled, place, 0);
                    filled = place + width;
                }
            }
            Arrays.fill(target, filled, end, 0);
        }

        @Override
        public int label(int index) {
            return source.label(index);
        }
    }

    private static final class Subset extends View {

        private final int[] indices;

        Subset(Dataset source, int[] indices) {
            super(source);
            this.indices = indices;
        }

        @Override
        public int size() {
            return indices.length;
        }

        @Override
        public void read(int index, float[] target, int offset) {
            source.read(indices[index], target, offset);
        }

        @Override
        public int label(int index) {
            return source.label(indices[index]);
        }
    }

    private record TargetSubset(TargetDataset source, int[] indices) implements TargetDataset {

        @Override
        public int size() {
            return indices.length;
        }

        @Override
        public Shape imageShape() {
            return source.imageShape();
        }

        @Override
        public void read(int index, float[] target, int offset) {
            source.read(indices[index], target, offset);
        }

        @Override
        public Shape targetShape() {
            return source.targetShape();
        }

        @Override
        public void readTarget(int index, float[] target, int offset) {
            source.readTarget(indices[index], target, offset);
        }
    }

    private static final class Relabelled extends View {

        private final int[] labels;
        private final List<String> classNames;

        Relabelled(Dataset source, int[] labels, List<String> classNames) {
            super(source);
            this.labels = labels;
            this.classNames = classNames;
        }

        @Override
        public int classes() {
            return classNames.size();
        }

        @Override
        public List<String> classNames() {
            return classNames;
        }

        @Override
        public void read(int index, float[] target, int offset) {
            source.read(index, target, offset);
        }

        @Override
        public int label(int index) {
            return labels[source.label(index)];
        }
    }
}
