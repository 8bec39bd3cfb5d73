package dev.striate.io;

import dev.striate.Shape;
import java.util.Arrays;

/**
 * Bilinear resampling of byte planes, first along rows, then along columns, with the arithmetic of Pillow: fixed-point
 * weights of 22 bits, and rounding to a byte after each pass.
 */
final class BilinearFilter {

    /** 32 bits minus 8 for the value, 1 for the sign, and 1 because the weights may add up to slightly more than 1. */
    private static final int FRACTION_BITS = 22;

    /** For each pixel of the result, the first source pixel with a weight. */
    private final int[] first;

    private final int[] count;
    private final int[][] weights;

    /**
     * One axis of a resampling, or a part of it.
     *
     * @param from  the number of pixels in the source
     * @param to    the number of pixels in the whole result; may exceed the length of an array if only a part is
     *     computed
     * @param start the first pixel of the part
     * @param size  the number of pixels of the part
     */
    record Axis(int from, long to, long start, int size) {

        static Axis whole(int from, int to) {
            return new Axis(from, to, 0, to);
        }

        private boolean isSame() {
            return from == to && size == to;
        }
    }

    private BilinearFilter(Axis axis) {
        first = new int[axis.size];
        count = new int[axis.size];
        weights = new int[axis.size][];
        double scale = (double) axis.from / axis.to;
        // A triangle as wide as two pixels of the smaller picture, in units of source pixels.
        double support = Math.max(scale, 1);
        for (int i = 0; i < axis.size; i++) {
            double center = (axis.start + i + 0.5) * scale;
            first[i] = Math.max(0, (int) (center - support + 0.5));
            count[i] = Math.min(axis.from, (int) (center + support + 0.5)) - first[i];
            weights[i] = weights(first[i], count[i], center, support);
        }
    }

    private static int[] weights(int first, int count, double center, double support) {
        double[] exact = new double[count];
        double sum = 0;
        for (int j = 0; j < count; j++) {
            exact[j] = Math.max(0, 1 - Math.abs((first + j - center + 0.5) / support));
            sum += exact[j];
        }
        int[] fixed = new int[count];
        for (int j = 0; j < count; j++) {
            fixed[j] = (int) (0.5 + exact[j] / sum * (1 << FRACTION_BITS));
        }
        return fixed;
    }

    /**
     * Resamples a picture or a part of it. Only the pixels that are needed are computed.
     *
     * @param channels the number of planes, which are stored one after another
     */
    static byte[] resize(byte[] source, int channels, Axis rows, Axis columns) {
        BilinearFilter vertical = new BilinearFilter(rows);
        int top = vertical.first[0];
        int height = vertical.first[rows.size - 1] + vertical.count[rows.size - 1] - top;
        // Only these rows of the source are resampled horizontally.
        Arrays.setAll(vertical.first, i -> vertical.first[i] - top);
        byte[] wide = source;
        if (!columns.isSame() || height < rows.from) {
            wide = new byte[Shape.of(channels, height, columns.size).elements()];
            BilinearFilter horizontal = new BilinearFilter(columns);
            for (int c = 0; c < channels; c++) {
                for (int y = 0; y < height; y++) {
                    int row = (c * rows.from + top + y) * columns.from;
                    horizontal.apply(source, row, 1, wide, (c * height + y) * columns.size);
                }
            }
        }
        if (rows.isSame()) {
            return wide;
        }
        byte[] resized = new byte[channels * rows.size * columns.size];
        for (int c = 0; c < channels; c++) {
            vertical.apply(wide, c * height * columns.size, columns.size, resized, c * rows.size * columns.size);
        }
        return resized;
    }

    /**
     * Resamples the first axis of {@code (from, inner)}.
     *
     * @param at the index at which the source starts
     * @param to the index at which the result starts
     */
    private void apply(byte[] source, int at, int inner, byte[] target, int to) {
        for (int i = 0; i < first.length; i++) {
            int start = at + first[i] * inner;
            for (int k = 0; k < inner; k++) {
                int sum = 1 << FRACTION_BITS - 1;
                for (int j = 0; j < count[i]; j++) {
                    sum += (source[start + j * inner + k] & 0xFF) * weights[i][j];
                }
                target[to + i * inner + k] = (byte) Math.min(255, sum >> FRACTION_BITS);
            }
        }
    }
}
