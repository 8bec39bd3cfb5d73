package dev.striate;

/**
 * An option of convolution, pooling or im2col. Import the methods statically:
 *
 * <pre>{@code x.conv2d(w, b, stride(2), padding(1))}</pre>
 */
public final class WindowOption {

    /** The kind of option. */
    public enum Kind {
        STRIDE("stride"),
        PADDING("padding"),
        OUTPUT_PADDING("outputPadding"),
        DILATION("dilation"),
        GROUPS("groups"),
        CEIL_MODE("ceilMode"),
        COUNT_INCLUDE_PAD("countIncludePad");

        private final String label;

        Kind(String label) {
            this.label = label;
        }

        /** Returns the name of the method that creates such an option. */
        @Override
        public String toString() {
            return label;
        }
    }

    private final Kind kind;
    private final int height;
    private final int width;
    private final Padding padding;

    private WindowOption(Kind kind, int height, int width, Padding padding) {
        this.kind = kind;
        this.height = height;
        this.width = width;
        this.padding = padding;
    }

    /** The distance between neighbouring windows in pixels, in both directions. */
    public static WindowOption stride(int both) {
        return stride(both, both);
    }

    /** The distance between neighbouring windows in rows and in columns. */
    public static WindowOption stride(int height, int width) {
        return atLeastOne(Kind.STRIDE, height, width);
    }

    /** The number of pixels added on every side. */
    public static WindowOption padding(int all) {
        return padding(Padding.of(all));
    }

    /** The number of rows added at the top and at the bottom, and of columns added left and right. */
    public static WindowOption padding(int height, int width) {
        return padding(Padding.of(height, width));
    }

    /** The number of pixels added on each side. */
    public static WindowOption padding(int top, int bottom, int left, int right) {
        return padding(Padding.of(top, bottom, left, right));
    }

    /** {@link Padding#VALID}, {@link Padding#SAME}, {@link Padding#FULL} or numbers. */
    public static WindowOption padding(Padding padding) {
        return new WindowOption(Kind.PADDING, 0, 0, padding);
    }

    /**
     * The number of rows and columns added at the bottom and right of the output of a transposed convolution. It
     * selects one of the sizes that a convolution with this stride maps to the same output. Each is smaller than the
     * stride or the dilation.
     */
    public static WindowOption outputPadding(int height, int width) {
        if (height < 0 || width < 0) {
            throw new ShapeException("expected outputPadding of at least 0, got " + height + " and " + width);
        }
        return new WindowOption(Kind.OUTPUT_PADDING, height, width, Padding.VALID);
    }

    /** The distance between neighbouring elements of the kernel in pixels, in both directions. */
    public static WindowOption dilation(int both) {
        return dilation(both, both);
    }

    /** The distance between neighbouring elements of the kernel in rows and in columns. */
    public static WindowOption dilation(int height, int width) {
        return atLeastOne(Kind.DILATION, height, width);
    }

    /** Splits the channels into independent groups. With as many groups as channels, the convolution is depthwise. */
    public static WindowOption groups(int groups) {
        return atLeastOne(Kind.GROUPS, groups, groups);
    }

    /** Rounds the output size up: a last window may extend beyond the padding. */
    public static WindowOption ceilMode() {
        return new WindowOption(Kind.CEIL_MODE, 1, 1, Padding.VALID);
    }

    /** Sets whether averages include the zeros of the padding; true by default. */
    public static WindowOption countIncludePad(boolean count) {
        return new WindowOption(Kind.COUNT_INCLUDE_PAD, count ? 1 : 0, 0, Padding.VALID);
    }

    private static WindowOption atLeastOne(Kind kind, int height, int width) {
        if (height < 1 || width < 1) {
            throw new ShapeException(
                    "expected " + kind + " of at least 1, got " + height + (height == width ? "" : " and " + width));
        }
        return new WindowOption(kind, height, width, Padding.VALID);
    }

    public Kind kind() {
        return kind;
    }

    /** Returns the number for rows; 1 for ceil mode, and 1 or 0 for whether averages include padding. */
    public int height() {
        return height;
    }

    /** Returns the number for columns. */
    public int width() {
        return width;
    }

    /** Returns the padding, {@link Padding#VALID} for other kinds of options. */
    public Padding padding() {
        return padding;
    }
}
