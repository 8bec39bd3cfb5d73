package dev.striate.io;

import dev.striate.Shape;

/**
 * Bilinear resampling of byte planes, first along rows, then along columns, in the arithmetic of Pillow: weights in 22 bits of
 * fixed point, rounded to a byte after each of the two.
 */
final class BilinearFilter {

    /** 32 bits less 8 for the value, 1 for the sign and 1 to spare for weights that add up to just above 1. */
    private static final int FRACTION_BITS = 22;

    private final int[] first;
    private final int[] count;
    private final int[][] weights;

    private BilinearFilter(int from, int to) {
        first = new int[to];
        count = new int[to];
        weights = new int[to][];
        double scale = (double) from / to;
        // A triangle as wide as two pixels of the smaller picture, measured in pixels of the source.
        double support = Math.max(scale, 1);
        for (int i = 0; i < to; i++) {
            double center = (i + 0.5) * scale;
            first[i] = Math.max(0, (int) (center - support + 0.5));
            count[i] = Math.min(from, (int) (center + support + 0.5)) - first[i];
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

    static byte[] resize(byte[] source, Shape shape, int height, int width) {
        int channels = shape.size(0);
        byte[] wide = source;
        if (width != shape.size(2)) {
            wide = new byte[Shape.of(channels, shape.size(1), width).elements()];
            new BilinearFilter(shape.size(2), width).apply(source, channels * shape.size(1), shape.size(2), 1, wide);
        }
        if (height == shape.size(1)) {
            return wide;
        }
        byte[] resized = new byte[channels * height * width];
        new BilinearFilter(shape.size(1), height).apply(wide, channels, shape.size(1), width, resized);
        return resized;
    }

    /** Resamples the middle axis of {@code (outer, from, inner)}. */
    private void apply(byte[] source, int outer, int from, int inner, byte[] target) {
        int to = first.length;
        for (int o = 0; o < outer; o++) {
            for (int i = 0; i < to; i++) {
                int start = (o * from + first[i]) * inner;
                for (int k = 0; k < inner; k++) {
                    int sum = 1 << FRACTION_BITS - 1;
                    for (int j = 0; j < count[i]; j++) {
                        sum += (source[start + j * inner + k] & 0xFF) * weights[i][j];
                    }
                    target[(o * to + i) * inner + k] = (byte) Math.min(255, sum >> FRACTION_BITS);
                }
            }
        }
    }
}
