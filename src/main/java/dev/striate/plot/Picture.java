package dev.striate.plot;

import dev.striate.StriateException;
import dev.striate.disk.AtomicFile;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/**
 * Something to be looked at, as a PNG file. Text and lines are drawn for screens of twice the usual density: shown at half its
 * size, as {@link RunPage} does, a picture has the size that it is laid out for.
 */
public abstract class Picture {

    Picture() {}

    /**
     * Draws the picture into a PNG file. The file is complete or not there; one that had the name is replaced.
     *
     * @throws StriateException if the file cannot be written, or this machine has no font
     */
    public final void write(Path file) {
        // Charts find their fonts by themselves, and fail in ways of their own.
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
