package dev.striate;

/**
 * The padding of images: numbers for each side, or a rule that derives them from the sizes.
 *
 * @param rule   {@link Rule#GIVEN}, or the rule that determines the numbers
 * @param top    rows above
 * @param bottom rows below
 * @param left   columns on the left
 * @param right  columns on the right
 */
public record Padding(Rule rule, int top, int bottom, int left, int right) {

    /** How the padding is determined. */
    public enum Rule {
        /** By the given numbers. */
        GIVEN,
        /**
         * The output has the size {@code ceil(input / stride)}. An odd row or column is added at the bottom or right.
         */
        SAME,
        /** Every window that touches the image counts: the size of the dilated kernel minus one on every side. */
        FULL
    }

    /** No padding. */
    public static final Padding VALID = of(0, 0, 0, 0);

    /** See {@link Rule#SAME}. */
    public static final Padding SAME = new Padding(Rule.SAME, 0, 0, 0, 0);

    /** See {@link Rule#FULL}. */
    public static final Padding FULL = new Padding(Rule.FULL, 0, 0, 0, 0);

    /** @throws ShapeException if a number is negative */
    public Padding {
        if (top < 0 || bottom < 0 || left < 0 || right < 0) {
            throw new ShapeException("expected padding of at least 0, got top " + top + ", bottom " + bottom + ", left "
                    + left + ", right " + right);
        }
    }

    /** The same padding on all sides. */
    public static Padding of(int all) {
        return of(all, all, all, all);
    }

    /** {@code height} above and below, {@code width} left and right. */
    public static Padding of(int height, int width) {
        return of(height, height, width, width);
    }

    /** Separate padding for each side. */
    public static Padding of(int top, int bottom, int left, int right) {
        return new Padding(Rule.GIVEN, top, bottom, left, right);
    }
}
