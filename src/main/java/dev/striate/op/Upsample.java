package dev.striate.op;

import dev.striate.Interpolation;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import java.util.Arrays;

/** Resizes images {@code (N, C, H, W)}; {@link Interpolation} has the formulas. */
public final class Upsample {

    private Upsample() {}

    /**
     * The size of the output along an axis.
     *
     * @param pixels the size, or 0 if there is a scale
     * @param scale  what the size of the input is multiplied by, or 0; the product is rounded down
     */
    public record Extent(int pixels, double scale) {

        /** @throws ShapeException if the size is below 1 */
        public static Extent ofPixels(int pixels) {
            if (pixels < 1) {
                throw new ShapeException("upsample: expected a size of at least 1, got " + pixels);
            }
            return new Extent(pixels, 0);
        }

        /** @throws ShapeException if the scale is not finite and above 0 */
        public static Extent ofScale(double scale) {
            if (!(scale > 0 && scale < Double.POSITIVE_INFINITY)) {
                throw new ShapeException("upsample: expected a finite scale above 0, got " + scale);
            }
            return new Extent(0, scale);
        }

        /** Reads what {@link #toString} wrote. */
        public static Extent parse(String text) {
            try {
                return text.startsWith("x")
                        ? ofScale(Double.parseDouble(text.substring(1)))
                        : ofPixels(Integer.parseInt(text));
            } catch (NumberFormatException e) {
                throw new ShapeException("upsample: expected a size or a scale such as x2.0, got another text");
            }
        }

        private int size(String side, int in) {
            return scale == 0 ? pixels : Sizes.require("upsample", "the " + side, (long) (scale * in));
        }

        @Override
        public String toString() {
            return scale == 0 ? Integer.toString(pixels) : "x" + scale;
        }
    }

    /**
     * Where the pixels of an output of the size {@code out} lie along an axis of the input: pixel i at {@code (i +
     * offset) * numerator / denominator - offset}.
     */
    public record Grid(Interpolation mode, int in, int out, double numerator, double denominator) {

        private static Grid of(Interpolation mode, Extent extent, String side, int in) {
            int out = extent.size(side, in);
            if (mode == Interpolation.BILINEAR_ALIGN_CORNERS) {
                return new Grid(mode, in, out, in - 1, Math.max(1, out - 1));
            }
            // A scale is not replaced by the ratio of the sizes, which differs if the size was rounded down.
            return extent.scale == 0 ? new Grid(mode, in, out, in, out) : new Grid(mode, in, out, 1, extent.scale);
        }

        private double at(int i) {
            boolean halfPixel = mode == Interpolation.NEAREST_EXACT || mode == Interpolation.BILINEAR;
            double offset = halfPixel ? 0.5 : 0;
            return (i + offset) * numerator / denominator - offset;
        }

        /** Whether an output pixel is one of the input's, and not a mean of two along the axis. */
        public boolean isNearest() {
            return mode == Interpolation.NEAREST || mode == Interpolation.NEAREST_EXACT;
        }

        /**
         * The position of the first pixel. If positions are rounded, it is that of evenly spaced pixels whose mean
         * position is the same.
         */
        public double start() {
            return isNearest() ? Arrays.stream(positions()).average().orElseThrow() - (out - 1) / 2.0 * step() : at(0);
        }

        /** The distance of neighbouring pixels. */
        public double step() {
            return numerator / denominator;
        }

        private double[] positions() {
            double[] positions = new double[out];
            for (int i = 0; i < out; i++) {
                double position = switch (mode) {
                    case NEAREST -> Math.floor(at(i));
                    case NEAREST_EXACT -> Math.floor(at(i) + 0.5);
                    default -> at(i);
                };
                positions[i] = Math.max(0, Math.min(in - 1, position));
            }
            return positions;
        }
    }

    /** @throws ShapeException if x is not {@code (N, C, H, W)}, or if the output would be empty or too large */
    public static Tensor apply(Tensor x, Extent height, Extent width, Interpolation mode) {
        outputShape(x.shape(), height, width);
        return Resample2d.apply(
                "upsample",
                x,
                rows(x.shape(), height, mode).positions(),
                columns(x.shape(), width, mode).positions());
    }

    /** Returns the shape of the output without computing it; errors as for {@link #apply}. */
    public static Shape outputShape(Shape x, Extent height, Extent width) {
        Window.requireImages("upsample", x);
        return Sizes.images(
                "upsample", x.size(0), x.size(1), height.size("height", x.size(2)), width.size("width", x.size(3)));
    }

    /** Returns where the rows of the output lie in images of the given shape. */
    public static Grid rows(Shape x, Extent height, Interpolation mode) {
        return Grid.of(mode, height, "height", x.size(2));
    }

    /** Returns where the columns of the output lie in images of the given shape. */
    public static Grid columns(Shape x, Extent width, Interpolation mode) {
        return Grid.of(mode, width, "width", x.size(3));
    }
}
