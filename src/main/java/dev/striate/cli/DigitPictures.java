package dev.striate.cli;

import dev.striate.data.Dataset;

/** Draws digits as text, two rows of pixels per line. */
final class DigitPictures {

    private static final String BLOCKS = " ▀▄█";
    private static final String ASCII = " '.#";
    private static final float INK = 0.4f;

    private final Dataset images;
    private final String glyphs;

    /** @param images of one channel, values from 0 to 1 */
    DigitPictures(Dataset images) {
        this.images = images;
        this.glyphs = Terminal.canShow(BLOCKS) ? BLOCKS : ASCII;
    }

    /** Returns the width of a picture in characters. */
    int columns() {
        return images.imageShape().size(2);
    }

    /** Returns the lines of a picture, from top to bottom. */
    String[] lines(int index) {
        int height = images.imageShape().size(1);
        int width = columns();
        float[] pixels = new float[height * width];
        images.read(index, pixels, 0);
        String[] lines = new String[(height + 1) / 2];
        for (int line = 0; line < lines.length; line++) {
            StringBuilder text = new StringBuilder(width);
            for (int column = 0; column < width; column++) {
                int upper = 2 * line * width + column;
                int lower = upper + width;
                int glyph = (pixels[upper] > INK ? 1 : 0) + (lower < pixels.length && pixels[lower] > INK ? 2 : 0);
                text.append(glyphs.charAt(glyph));
            }
            lines[line] = text.toString();
        }
        return lines;
    }
}
