package dev.striate.plot;

import java.awt.Color;

/** Colours that are distinct for all kinds of colour vision (Okabe and Ito, 2008), and colour scales. */
final class Palette {

    static final Color INK = new Color(0x222222);
    /** For secondary text; the contrast to white is still 4.5 to 1. */
    static final Color FAINT = new Color(0x6E6E6E);

    static final Color LINE = new Color(0xD8D8D8);
    /** Pixels of a window that lie outside the image. */
    static final Color OUTSIDE = new Color(0xC9BFD9);

    static final Color BLUE = new Color(0x0072B2);
    static final Color FAINT_BLUE = new Color(0x9CC9E4);
    static final Color VERMILLION = new Color(0xD55E00);
    static final Color GREEN = new Color(0x009E73);

    /** From white to dark blue, darker with each step. */
    private static final Color[] BLUES = {
        new Color(0xFFFFFF), new Color(0xC6DBEF), new Color(0x6BAED6), new Color(0x2171B5), new Color(0x08306B)
    };

    private Palette() {}

    /** The colour of a fraction from 0, white, to 1, dark blue; other values are clamped. */
    static Color blue(double fraction) {
        double place = Math.max(0, Math.min(1, fraction)) * (BLUES.length - 1);
        int lower = Math.min((int) place, BLUES.length - 2);
        double part = place - lower;
        Color from = BLUES[lower];
        Color to = BLUES[lower + 1];
        return new Color(
                mix(from.getRed(), to.getRed(), part),
                mix(from.getGreen(), to.getGreen(), part),
                mix(from.getBlue(), to.getBlue(), part));
    }

    /** Black or white, whichever is easier to read on this background. */
    static Color textOn(Color background) {
        double luminance = 0.299 * background.getRed() + 0.587 * background.getGreen() + 0.114 * background.getBlue();
        return luminance > 140 ? INK : Color.WHITE;
    }

    private static int mix(int from, int to, double part) {
        return (int) Math.round(from + (to - from) * part);
    }
}
