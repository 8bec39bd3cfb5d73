package dev.striate.plot;

import java.awt.Color;
import java.awt.Font;
import java.util.List;
import java.util.function.DoubleFunction;

/**
 * What the colours of a picture stand for.
 *
 * @param label  the quantity
 * @param colors of the places from 0, at the left end, to 1
 * @param ticks  the values to name
 */
record ColorBar(String label, DoubleFunction<Color> colors, List<Tick> ticks) {

    static final int WIDTH = 280;
    static final int HEIGHT = 52;

    private static final int THICKNESS = 10;
    private static final Font FONT = Canvas.font(Canvas.SMALL);

    /** A value's text, at its place from 0 to 1. */
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
            // The outer ones stay below the bar.
            double start = tick.place * (WIDTH - Canvas.width(tick.text, FONT));
            canvas.text(tick.text, FONT, Palette.INK, x + start, baseline);
        }
    }
}
