package dev.striate.plot;

import dev.striate.StriateException;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.font.FontRenderContext;
import java.awt.geom.AffineTransform;
import java.awt.geom.Line2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;

/** A white drawing surface. Lengths are in points; a point is {@link #DENSITY} pixels wide and high. */
final class Canvas {

    static final int DENSITY = 2;

    static final int TEXT = 13;
    static final int SMALL = 11;
    static final int HEADING = 16;

    private static final FontRenderContext METRICS = new FontRenderContext(new AffineTransform(), true, true);
    private static final String ELLIPSIS = "\u2026";

    private final BufferedImage image;
    private final Graphics2D graphics;

    Canvas(int width, int height) {
        image = new BufferedImage(width * DENSITY, height * DENSITY, BufferedImage.TYPE_INT_RGB);
        graphics = image.createGraphics();
        graphics.scale(DENSITY, DENSITY);
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_FRACTIONALMETRICS, RenderingHints.VALUE_FRACTIONALMETRICS_ON);
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, width, height);
    }

    /** Returns the finished image and ends drawing. */
    BufferedImage finish() {
        graphics.dispose();
        return image;
    }

    /** A part of the canvas with its own origin; the caller disposes of it. */
    Graphics2D part(int x, int y, int width, int height) {
        return (Graphics2D) graphics.create(x, y, width, height);
    }

    static Font font(int size) {
        return new Font(Font.SANS_SERIF, Font.PLAIN, size);
    }

    static Font bold(int size) {
        return new Font(Font.SANS_SERIF, Font.BOLD, size);
    }

    /** The width of a line of text, rounded up. */
    static int width(String text, Font font) {
        try {
            return (int) Math.ceil(font.getStringBounds(text, METRICS).getWidth());
        } catch (RuntimeException | Error e) {
            // Depending on its version, the JDK throws a NullPointerException, an InternalError or a plain Error here.
            throw new StriateException(
                    "cannot draw pictures: Java finds no font (" + e + "). On Debian and Ubuntu: apt-get"
                            + " install fontconfig fonts-dejavu-core",
                    e);
        }
    }

    /** The width of the widest of several lines of text. */
    static int width(Iterable<String> texts, Font font) {
        int width = 0;
        for (String text : texts) {
            width = Math.max(width, width(text, font));
        }
        return width;
    }

    /** Shortens a text to a width, with an ellipsis at its end if something was cut off. */
    static String fit(String text, Font font, int room) {
        if (width(text, font) <= room) {
            return text;
        }
        int end = text.codePointCount(0, text.length());
        String cut;
        do {
            end--;
            cut = text.substring(0, text.offsetByCodePoints(0, Math.max(end, 0)))
                            .stripTrailing()
                    + ELLIPSIS;
        } while (end > 0 && width(cut, font) > room);
        return cut;
    }

    /** Draws text that starts at x with its baseline at y. */
    void text(String text, Font font, Color color, double x, double y) {
        graphics.setFont(font);
        graphics.setColor(color);
        graphics.drawString(text, (float) x, (float) y);
    }

    void textCentered(String text, Font font, Color color, double x, double y) {
        text(text, font, color, x - width(text, font) / 2.0, y);
    }

    void textEndingAt(String text, Font font, Color color, double x, double y) {
        text(text, font, color, x - width(text, font), y);
    }

    /** Draws rotated text that runs upwards; its baseline starts at (x, y). */
    void textUpwards(String text, Font font, Color color, double x, double y) {
        AffineTransform before = graphics.getTransform();
        graphics.translate(x, y);
        graphics.rotate(-Math.PI / 2);
        text(text, font, color, 0, 0);
        graphics.setTransform(before);
    }

    void fill(Color color, double x, double y, double width, double height) {
        graphics.setColor(color);
        graphics.fill(new Rectangle2D.Double(x, y, width, height));
    }

    void line(Color color, double thickness, double x1, double y1, double x2, double y2) {
        graphics.setColor(color);
        graphics.setStroke(new BasicStroke((float) thickness, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
        graphics.draw(new Line2D.Double(x1, y1, x2, y2));
    }

    /** Draws a frame outside a rectangle. */
    void frame(Color color, double thickness, double x, double y, double width, double height) {
        fill(color, x - thickness, y - thickness, width + 2 * thickness, thickness);
        fill(color, x - thickness, y + height, width + 2 * thickness, thickness);
        fill(color, x - thickness, y, thickness, height);
        fill(color, x + width, y, thickness, height);
    }

    /** Draws a tick in a square, as lines because not every font has the character. */
    void tick(Color color, double x, double y, double side) {
        Path2D path = new Path2D.Double();
        path.moveTo(x + 0.1 * side, y + 0.55 * side);
        path.lineTo(x + 0.4 * side, y + 0.85 * side);
        path.lineTo(x + 0.9 * side, y + 0.15 * side);
        graphics.setColor(color);
        graphics.setStroke(new BasicStroke((float) (side / 6), BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
        graphics.draw(path);
    }

    /** Draws a cross in a square. */
    void cross(Color color, double x, double y, double side) {
        double margin = 0.15 * side;
        line(color, side / 6, x + margin, y + margin, x + side - margin, y + side - margin);
        line(color, side / 6, x + margin, y + side - margin, x + side - margin, y + margin);
    }

    /** Draws an image into a rectangle. Enlarged pixels keep sharp edges; a reduced image is smoothed. */
    void image(BufferedImage pixels, double x, double y, double width, double height) {
        boolean enlarged = width * DENSITY >= pixels.getWidth();
        graphics.setRenderingHint(
                RenderingHints.KEY_INTERPOLATION,
                enlarged
                        ? RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR
                        : RenderingHints.VALUE_INTERPOLATION_BILINEAR);
        AffineTransform place = AffineTransform.getTranslateInstance(x, y);
        place.scale(width / pixels.getWidth(), height / pixels.getHeight());
        graphics.drawImage(pixels, place, null);
    }

    /** Draws an image with a thin frame in the middle of a square, enlarged by the largest whole factor that fits. */
    void imageWithin(BufferedImage pixels, double x, double y, double side) {
        double scale = side * DENSITY / Math.max(pixels.getWidth(), pixels.getHeight());
        scale = (scale > 1 ? Math.floor(scale) : scale) / DENSITY;
        double width = scale * pixels.getWidth();
        double height = scale * pixels.getHeight();
        double left = x + Math.floor((side - width) * DENSITY / 2) / DENSITY;
        double top = y + Math.floor((side - height) * DENSITY / 2) / DENSITY;
        image(pixels, left, top, width, height);
        frame(Palette.LINE, 0.5, left, top, width, height);
    }
}
