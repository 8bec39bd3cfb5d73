package dev.striate.plot;

import java.awt.Color;
import java.awt.Font;
import java.util.List;
import java.util.function.DoubleFunction;

/**
 * The legend of a colour scale.
 *
 * @param label  the name of the quantity
 * @param colors the colour at each place from 0, the left end, to 1, the right end
 * @param ticks  the labelled values
 */
record ColorBar(String label, DoubleFunction<Color> colors, List<Tick> ticks) {

    static final int WIDTH = 280;
    static final int HEIGHT = 52;

    private static final int THICKNESS = 10;
    private static final Font FONT = Canvas.font(Canvas.SMALL);

    /** A label at a place from 0 to 1. */
    record Tick(double place, String text) {}

    void draw(Canvas canvas, int x, int y) {
        canvas.text(label, FONT, Palette.FAINT, x, y + Canvas.SMALL);
        int top = y + Canvas.SMALL + 6;
        for (int i = 0; i < WIDTH; i++) {
            canvas.fill(colors.apply((double) i / (WIDTH - 1)), x + i, top, 1, THICKNESS);
        }
        canvas.frame(Palette.LINE, 1, x, top, WIDTH, THICKNESS);
        int baseline = top + THICKNESS + 4 + Canvas.SMALL;
        for (Tick tick : ticks) {
            // Labels at the ends do not stick out.
            double start = tick.place * (WIDTH - Canvas.width(tick.text, FONT));
            canvas.text(tick.text, FONT, Palette.INK, x + start, baseline);
        }
    }
}
