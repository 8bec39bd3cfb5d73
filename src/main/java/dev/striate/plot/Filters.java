package dev.striate.plot;

import dev.striate.Shape;
import dev.striate.StriateException;
import dev.striate.Tensor;
import java.awt.Color;
import java.awt.Font;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Locale;

/**
 * The filters of a convolution. Each weight is a square; all share one scale, symmetric around 0, which is mid-grey.
 * Filters with one input channel are shown in grey and filters with three in colour, side by side. Other layers get one
 * row per output channel and one column per input channel. If there are too many to fit, only the first are shown.
 */
public final class Filters extends Picture {

    private static final int MOST_IN_GRID = 128;
    private static final int MOST_IN_A_ROW = 64;
    private static final int WIDTH = 600;
    private static final int MARGIN = 16;
    private static final int LINE = Canvas.TEXT + 6;
    private static final Font TITLE = Canvas.bold(Canvas.HEADING);
    private static final Font TEXT = Canvas.font(Canvas.TEXT);
    private static final Font NUMBER = Canvas.font(9);

    private final String name;
    private final Shape shape;
    private final float[] weights;
    private final float scale;

    /**
     * The filters of a convolution.
     *
     * @param name   the name of the layer, for the heading
     * @param weight {@code (out, in/groups, KH, KW)}; copied
     * @throws StriateException if the weight is not of rank 4
     */
    public Filters(String name, Tensor weight) {
        if (weight.shape().rank() != 4) {
            throw new StriateException(
                    "Filters: expected the weight of a convolution (out, in/groups, KH, KW), got " + weight.shape());
        }
        this.name = name;
        this.shape = weight.shape();
        this.weights = weight.toFloatArray();
        float most = 0;
        for (float value : weights) {
            most = Math.max(most, Math.abs(value));
        }
        // Any scale is acceptable if all weights are 0 or one is NaN.
        this.scale = most > 0 ? most : 1;
    }

    @Override
    BufferedImage draw() {
        boolean grid = shape.size(1) == 1 || shape.size(1) == 3;
        int filters = Math.min(shape.size(0), grid ? MOST_IN_GRID : MOST_IN_A_ROW);
        int channels = grid ? 1 : Math.min(shape.size(1), MOST_IN_A_ROW);
        int weight = weightSize(grid ? 10 : Math.max(filters, channels));
        int height = shape.size(2) * weight;
        int width = shape.size(3) * weight;
        int gap = grid ? 12 : Math.max(2, weight / 2);
        int columns = grid ? Math.min(filters, evenColumns(filters, (WIDTH + gap) / (width + gap))) : channels;
        int rows = (grid ? filters : filters * channels) / columns + (grid && filters % columns > 0 ? 1 : 0);
        String title = name + ": " + shape.size(0) + " filters of " + shape.size(1) + " x " + shape.size(2) + " x "
                + shape.size(3);
        String what = grid ? "" : "One row per output channel, one column per input channel";
        if (filters < shape.size(0) || !grid && channels < shape.size(1)) {
            what += (what.isEmpty() ? "The first " : ", the first ") + filters + (grid ? "" : " by " + channels);
        }
        int left = MARGIN + (grid ? 0 : Canvas.width("000", NUMBER) + 4);
        int top = MARGIN + LINE + (what.isEmpty() ? 0 : LINE) + 12 + (grid ? 0 : 12);
        int step = height + gap + (grid ? 6 : 0);
        int bar = top + rows * step + 8;
        int right = Math.max(
                left + columns * (width + gap) - gap,
                MARGIN + Math.max(ColorBar.WIDTH, Math.max(Canvas.width(title, TITLE), Canvas.width(what, TEXT))));
        Canvas canvas = new Canvas(right + MARGIN, bar + ColorBar.HEIGHT + MARGIN);
        canvas.text(title, TITLE, Palette.INK, MARGIN, MARGIN + Canvas.HEADING);
        canvas.text(what, TEXT, Palette.FAINT, MARGIN, MARGIN + Canvas.HEADING + LINE);
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                int x = left + column * (width + gap);
                int y = top + row * step;
                int filter = grid ? row * columns + column : row;
                if (filter < filters) {
                    draw(canvas, filter, grid ? -1 : column, x, y, width, height);
                    if (grid) {
                        canvas.textCentered(
                                Integer.toString(filter), NUMBER, Palette.FAINT, x + width / 2.0, y + height + 11);
                    }
                }
                if (!grid && row == 0 && column % 8 == 0) {
                    canvas.text(Integer.toString(column), NUMBER, Palette.FAINT, x, top - 4);
                }
            }
            if (!grid && row % 8 == 0) {
                canvas.textEndingAt(Integer.toString(row), NUMBER, Palette.FAINT, left - 4, top + row * step + 9);
            }
        }
        new ColorBar(
                        shape.size(1) == 3 ? "weight of each of red, green and blue" : "weight",
                        Filters::grey,
                        List.of(tick(0), tick(0.5), tick(1)))
                .draw(canvas, MARGIN, bar);
        return canvas.finish();
    }

    /** Points per weight such that this number of filters fills about the width of the picture. */
    private int weightSize(int filters) {
        int wide = Math.max(shape.size(2), shape.size(3));
        return Math.max(3, Math.min(12, WIDTH / (filters * (wide + 1))));
    }

    /** As many columns as fit, or somewhat fewer if that makes all rows full. */
    private static int evenColumns(int filters, int room) {
        for (int columns = Math.max(room, 1); columns > room / 2; columns--) {
            if (filters % columns == 0) {
                return columns;
            }
        }
        return Math.max(room, 1);
    }

    /** @param channel of the filter, or -1 for all of them as one image */
    private void draw(Canvas canvas, int filter, int channel, int x, int y, int width, int height) {
        int plane = shape.size(2) * shape.size(3);
        int offset = (filter * shape.size(1) + Math.max(channel, 0)) * plane;
        Shape image = Shape.of(channel < 0 ? shape.size(1) : 1, shape.size(2), shape.size(3));
        canvas.image(Pixels.image(weights, offset, image, -scale, scale), x, y, width, height);
        canvas.frame(Palette.LINE, 0.5, x, y, width, height);
    }

    private static Color grey(double place) {
        int level = (int) Math.round(255 * place);
        return new Color(level, level, level);
    }

    private ColorBar.Tick tick(double place) {
        return new ColorBar.Tick(place, String.format(Locale.ROOT, "%.3g", (2 * place - 1) * scale));
    }
}
