package dev.striate.backend.cpu.conv;

import dev.striate.backend.Conv2dGeometry;
import java.util.Arrays;

/**
 * Which pixels the positions of a grid read along one axis: position i reads pixel {@code i stride + offsets[t]}
 * through tap t, or zero outside of the image.
 *
 * @param size    of the image
 * @param grid    how many positions there are
 * @param offsets in order, ascending or descending
 */
record Axis(int size, int grid, int stride, int[] offsets) {

    /** What the outputs of a convolution read, from top to bottom. */
    static Axis vertical(Conv2dGeometry g) {
        int[] offsets = new int[g.kernelHeight()];
        Arrays.setAll(offsets, tap -> tap * g.dilationH() - g.padTop());
        return new Axis(g.inHeight(), g.outHeight(), g.strideH(), offsets);
    }

    /** What they read from left to right. */
    static Axis horizontal(Conv2dGeometry g) {
        int[] offsets = new int[g.kernelWidth()];
        Arrays.setAll(offsets, tap -> tap * g.dilationW() - g.padLeft());
        return new Axis(g.inWidth(), g.outWidth(), g.strideW(), offsets);
    }

    int taps() {
        return offsets.length;
    }

    /** The least offset, of at least one. */
    int least() {
        return Math.min(offsets[0], offsets[taps() - 1]);
    }

    int greatest() {
        return Math.max(offsets[0], offsets[taps() - 1]);
    }
}
