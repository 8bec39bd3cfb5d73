package dev.striate.plot;

import dev.striate.StriateException;
import dev.striate.disk.AtomicFile;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/**
 * A picture that can be written as a PNG file. Pictures are drawn with two pixels per point, for screens of high
 * density; show them at half their size in pixels, as {@link RunPage} does.
 */
public abstract class Picture {

    Picture() {}

    /**
     * Draws the picture and writes it as a PNG file. The write is atomic and replaces an existing file.
     *
     * @throws StriateException if the file cannot be written, or if this machine has no font
     */
    public final void write(Path file) {
        // Fails with a clear message if there is no font; XChart's own errors are obscure.
        Canvas.width("text", Canvas.font(Canvas.TEXT));
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        try {
            ImageIO.write(draw(), "png", png);
        } catch (IOException e) {
            throw new StriateException("cannot encode " + file + ": " + e, e);
        }
        AtomicFile.write(file, png.toByteArray());
    }

    abstract BufferedImage draw();
}
