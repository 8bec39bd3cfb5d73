package dev.striate.nn;

import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.Pool2dGeometry;

/**
 * The receptive field of a layer: the pixels of the network's input that a unit of the layer's output depends on, as in
 * Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016), and Araujo, Norris and Sim,
 * "Computing receptive fields of convolutional neural networks" (Distill, 2019). It may reach into the padding and may
 * be larger than the input.
 *
 * @param height along the rows
 * @param width  along the columns
 */
public record ReceptiveField(Axis height, Axis width) {

    /**
     * The field along one axis. Unit {@code i} depends on {@code size} pixels around {@code center + i * jump}, counted
     * from 0. If the windows of a layer differ, as in transposed convolution and adaptive pooling, the size is that of
     * the largest window and the centres are spaced evenly; both may then be fractions.
     *
     * @param size   the size in pixels
     * @param jump   the distance in pixels between the fields of neighbouring units
     * @param center the centre of the field of the first unit
     * @param units  the number of units
     */
    public record Axis(double size, double jump, double center, int units) {

        /** Returns the first pixel of a unit's field; negative if it lies in the padding. */
        public int first(int unit) {
            return (int) Math.floor(center + unit * jump - (size - 1) / 2);
        }

        /** Returns the size in whole pixels. */
        public int pixels() {
            return (int) Math.ceil(size);
        }

        /**
         * Returns the field of a layer whose windows cover units of this one.
         *
         * @param extent the number of units from the first to the last of a window, inclusive
         * @param stride the number of units between neighbouring windows
         * @param start  the unit at the centre of the first window
         */
        Axis through(double extent, double stride, double start, int windows) {
            return new Axis(size + (extent - 1) * jump, jump * stride, center + start * jump, windows);
        }

        Axis window(int kernel, int dilation, int stride, int padding, int windows) {
            int extent = dilation * (kernel - 1) + 1;
            return through(extent, stride, (extent - 1) / 2.0 - padding, windows);
        }

        /**
         * Output o of a transposed convolution depends on the inputs i with {@code o = i stride - padding + t
         * dilation}: every {@code stride / gcd}-th tap t of the kernel, with a distance of {@code dilation / gcd}
         * inputs.
         */
        Axis transposedWindow(int kernel, int dilation, int stride, int padding, int outputs) {
            int gcd = gcd(dilation, stride);
            int taps = (kernel - 1) / (stride / gcd) + 1;
            double start = (padding - dilation * (kernel - 1) / 2.0) / stride;
            return through((taps - 1) * (dilation / gcd) + 1, 1.0 / stride, start, outputs);
        }

        /** Window i goes from {@code floor(i units / windows)} to {@code ceil((i + 1) units / windows)}, exclusive. */
        Axis adaptive(int windows) {
            int extent = 0;
            for (int i = 0; i < windows; i++) {
                int first = (int) ((long) i * units / windows);
                int end = (int) (((i + 1L) * units + windows - 1) / windows);
                extent = Math.max(extent, end - first);
            }
            double stride = (double) units / windows;
            return through(extent, stride, (stride - 1) / 2, windows);
        }

        /** Every unit occurs {@code times} times, one after the other. */
        Axis repeated(int times) {
            return through(1, 1.0 / times, (1.0 / times - 1) / 2, units * times);
        }

        /** Returns the union of the fields of two layers with the same number of units. */
        Axis union(Axis other) {
            double first = Math.min(center - (size - 1) / 2, other.center - (other.size - 1) / 2);
            double last = Math.max(center + (size - 1) / 2, other.center + (other.size - 1) / 2);
            return new Axis(last - first + 1, Math.max(jump, other.jump), (first + last) / 2, units);
        }

        private static int gcd(int a, int b) {
            return b == 0 ? a : gcd(b, a % b);
        }
    }

    /** The field of the input itself: one pixel per unit. */
    static ReceptiveField ofInput(int height, int width) {
        return new ReceptiveField(new Axis(1, 1, 0, height), new Axis(1, 1, 0, width));
    }

    ReceptiveField through(Conv2dGeometry g) {
        return new ReceptiveField(
                height.window(g.kernelHeight(), g.dilationH(), g.strideH(), g.padTop(), g.outHeight()),
                width.window(g.kernelWidth(), g.dilationW(), g.strideW(), g.padLeft(), g.outWidth()));
    }

    /** @param g the geometry of the convolution whose input gradient the transposed convolution computes */
    ReceptiveField throughTransposed(Conv2dGeometry g) {
        return new ReceptiveField(
                height.transposedWindow(g.kernelHeight(), g.dilationH(), g.strideH(), g.padTop(), g.inHeight()),
                width.transposedWindow(g.kernelWidth(), g.dilationW(), g.strideW(), g.padLeft(), g.inWidth()));
    }

    ReceptiveField through(Pool2dGeometry g) {
        return new ReceptiveField(
                height.window(g.kernelHeight(), g.dilationH(), g.strideH(), g.padTop(), g.outHeight()),
                width.window(g.kernelWidth(), g.dilationW(), g.strideW(), g.padLeft(), g.outWidth()));
    }

    /** The field of adaptive pooling; with one output it covers everything. */
    ReceptiveField adaptive(int outHeight, int outWidth) {
        return new ReceptiveField(height.adaptive(outHeight), width.adaptive(outWidth));
    }

    ReceptiveField union(ReceptiveField other) {
        return new ReceptiveField(height.union(other.height), width.union(other.width));
    }
}
