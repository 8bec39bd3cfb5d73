package dev.striate.nn;

import dev.striate.backend.Conv2dGeometry;
import dev.striate.backend.Pool2dGeometry;

/**
 * Which pixels of a network's input the units of a layer's output depend on, as in Dumoulin and Visin, "A guide to convolution
 * arithmetic for deep learning" (2016), and Araujo, Norris and Sim, "Computing receptive fields of convolutional neural networks"
 * (Distill, 2019). It may reach into the padding, and beyond the whole input.
 *
 * @param height along the rows
 * @param width  along the columns
 */
public record ReceptiveField(Axis height, Axis width) {

    /**
     * The field in one direction. Unit {@code i} sees {@code size} pixels around {@code center + i jump}; pixels are counted from
     * 0. Where a layer's windows differ, as those of transposed convolution and adaptive pooling may, the size is the largest and
     * the centre that of an even spacing; both may then be fractions.
     *
     * @param size   in pixels
     * @param jump   pixels from one unit's field to the next one's
     * @param center of the first unit's field
     * @param units  how many there are
     */
    public record Axis(double size, double jump, double center, int units) {

        /** The first pixel that a unit sees, negative where it lies in the padding. */
        public int first(int unit) {
            return (int) Math.floor(center + unit * jump - (size - 1) / 2);
        }

        /** The size in whole pixels. */
        public int pixels() {
            return (int) Math.ceil(size);
        }

        /**
         * What the units of a layer see that sees this one through windows.
         *
         * @param extent from a window's first to its last unit, both included
         * @param stride units from one window to the next
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
         * Output o of a transposed convolution sees the inputs i with {@code o = i stride - padding + t dilation}: every
         * {@code stride / gcd}-th tap t of the kernel, {@code dilation / gcd} inputs apart.
         */
        Axis transposedWindow(int kernel, int dilation, int stride, int padding, int outputs) {
            int gcd = gcd(dilation, stride);
            int taps = (kernel - 1) / (stride / gcd) + 1;
            double start = (padding - dilation * (kernel - 1) / 2.0) / stride;
            return through((taps - 1) * (dilation / gcd) + 1, 1.0 / stride, start, outputs);
        }

        /** Windows from {@code floor(i units / windows)} to {@code ceil((i + 1) units / windows)}, that one excluded. */
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

        /** What any of two layers of the same number of units sees. */
        Axis union(Axis other) {
            double first = Math.min(center - (size - 1) / 2, other.center - (other.size - 1) / 2);
            double last = Math.max(center + (size - 1) / 2, other.center + (other.size - 1) / 2);
            return new Axis(last - first + 1, Math.max(jump, other.jump), (first + last) / 2, units);
        }

        private static int gcd(int a, int b) {
            return b == 0 ? a : gcd(b, a % b);
        }
    }

    /** Of the input itself: each pixel sees itself. */
    static ReceptiveField ofInput(int height, int width) {
        return new ReceptiveField(new Axis(1, 1, 0, height), new Axis(1, 1, 0, width));
    }

    ReceptiveField through(Conv2dGeometry g) {
        return new ReceptiveField(
                height.window(g.kernelHeight(), g.dilationH(), g.strideH(), g.padTop(), g.outHeight()),
                width.window(g.kernelWidth(), g.dilationW(), g.strideW(), g.padLeft(), g.outWidth()));
    }

    /** @param g of the convolution whose input gradient the transposed one computes */
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

    /** Of means over as many windows as there are outputs; of one, over everything. */
    ReceptiveField adaptive(int outHeight, int outWidth) {
        return new ReceptiveField(height.adaptive(outHeight), width.adaptive(outWidth));
    }

    ReceptiveField union(ReceptiveField other) {
        return new ReceptiveField(height.union(other.height), width.union(other.width));
    }
}
