package dev.striate.op;

import dev.striate.ShapeException;

/**
 * How far a window may reach over the edges of an image: given per side, or by a rule that the sizes decide.
 *
 * @param rule   {@link Rule#GIVEN}, or the rule that replaces the numbers
 * @param top    rows above
 * @param bottom rows below
 * @param left   columns on the left
 * @param right  columns on the right
 */
public record Padding(Rule rule, int top, int bottom, int left, int right) {

    /** What decides the padding. */
    public enum Rule {
        /** The numbers given. */
        GIVEN,
        /** As much as makes the output {@code ceil(input / stride)} large; an odd row or column goes below or on the right. */
        SAME,
        /** As much as lets every window that touches the image count: the dilated kernel's size less one on every side. */
        FULL
    }

    /** No padding: windows stay inside the image. */
    public static final Padding VALID = of(0, 0, 0, 0);

    /** See {@link Rule#SAME}. */
    public static final Padding SAME = new Padding(Rule.SAME, 0, 0, 0, 0);

    /** See {@link Rule#FULL}. */
    public static final Padding FULL = new Padding(Rule.FULL, 0, 0, 0, 0);

    /** @throws ShapeException if a number is negative */
    public Padding {
        if (top < 0 || bottom < 0 || left < 0 || right < 0) {
            throw new ShapeException("expected padding of at least 0, got top " + top + ", bottom " + bottom + ", left " + left
                    + ", right " + right);
        }
    }

    /** The same on all sides. */
    public static Padding of(int all) {
        return of(all, all, all, all);
    }

    /** {@code height} above and below, {@code width} left and right. */
    public static Padding of(int height, int width) {
        return of(height, height, width, width);
    }

    /** Each side on its own. */
    public static Padding of(int top, int bottom, int left, int right) {
        return new Padding(Rule.GIVEN, top, bottom, left, right);
    }

    /** The numbers for an image of the given size under a given window. */
    Padding resolve(int height, int width, int extentH, int extentW, int strideH, int strideW) {
        return switch (rule) {
            case GIVEN -> this;
            case FULL -> of(extentH - 1, extentW - 1);
            case SAME -> {
                int totalH = same(height, extentH, strideH);
                int totalW = same(width, extentW, strideW);
                yield of(totalH / 2, totalH - totalH / 2, totalW / 2, totalW - totalW / 2);
            }
        };
    }

    /** Less than the extent: the last of {@code ceil(size / stride)} windows starts within the image. */
    private static int same(int size, int extent, int stride) {
        int lastStart = (size - 1) / stride * stride;
        return Math.max(extent - (size - lastStart), 0);
    }
}
