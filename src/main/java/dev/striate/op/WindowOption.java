package dev.striate.op;

import dev.striate.ShapeException;

/**
 * One setting of a window that moves over an image, for convolution, pooling and im2col. Made to be imported statically:
 *
 * <pre>{@code x.conv2d(w, b, stride(2), padding(1))}</pre>
 */
public final class WindowOption {

    /** What is set. */
    enum Kind {
        STRIDE("stride"),
        PADDING("padding"),
        OUTPUT_PADDING("outputPadding"),
        DILATION("dilation"),
        GROUPS("groups"),
        CEIL_MODE("ceilMode"),
        COUNT_INCLUDE_PAD("countIncludePad");

        final String label;

        Kind(String label) {
            this.label = label;
        }
    }

    final Kind kind;
    final int height;
    final int width;
    final Padding padding;

    private WindowOption(Kind kind, int height, int width, Padding padding) {
        this.kind = kind;
        this.height = height;
        this.width = width;
        this.padding = padding;
    }

    /** Pixels from one window to the next, in both directions. */
    public static WindowOption stride(int both) {
        return stride(both, both);
    }

    /** Rows and columns from one window to the next. */
    public static WindowOption stride(int height, int width) {
        return atLeastOne(Kind.STRIDE, height, width);
    }

    /** Pixels added on every side. */
    public static WindowOption padding(int all) {
        return padding(Padding.of(all));
    }

    /** Rows added above and below, columns added left and right. */
    public static WindowOption padding(int height, int width) {
        return padding(Padding.of(height, width));
    }

    /** Pixels added per side. */
    public static WindowOption padding(int top, int bottom, int left, int right) {
        return padding(Padding.of(top, bottom, left, right));
    }

    /** {@link Padding#VALID}, {@link Padding#SAME}, {@link Padding#FULL} or numbers. */
    public static WindowOption padding(Padding padding) {
        return new WindowOption(Kind.PADDING, 0, 0, padding);
    }

    /**
     * Rows and columns added below and on the right of a transposed convolution's output, to choose among the sizes that its
     * stride leaves open; each smaller than the stride or the dilation.
     */
    public static WindowOption outputPadding(int height, int width) {
        if (height < 0 || width < 0) {
            throw new ShapeException("expected outputPadding of at least 0, got " + height + " and " + width);
        }
        return new WindowOption(Kind.OUTPUT_PADDING, height, width, Padding.VALID);
    }

    /** Pixels from one cell of the window to the next, in both directions. */
    public static WindowOption dilation(int both) {
        return dilation(both, both);
    }

    /** Rows and columns from one cell of the window to the next. */
    public static WindowOption dilation(int height, int width) {
        return atLeastOne(Kind.DILATION, height, width);
    }

    /** Splits channels into groups that do not see each other; as many groups as channels make a depthwise convolution. */
    public static WindowOption groups(int groups) {
        return atLeastOne(Kind.GROUPS, groups, groups);
    }

    /** Lets a last window hang over the padded edge instead of leaving a rest uncovered. */
    public static WindowOption ceilMode() {
        return new WindowOption(Kind.CEIL_MODE, 1, 1, Padding.VALID);
    }

    /** Whether an average counts the zeros of the padding; it does unless told otherwise. */
    public static WindowOption countIncludePad(boolean count) {
        return new WindowOption(Kind.COUNT_INCLUDE_PAD, count ? 1 : 0, 0, Padding.VALID);
    }

    private static WindowOption atLeastOne(Kind kind, int height, int width) {
        if (height < 1 || width < 1) {
            throw new ShapeException("expected " + kind.label + " of at least 1, got " + height
                    + (height == width ? "" : " and " + width));
        }
        return new WindowOption(kind, height, width, Padding.VALID);
    }
}
