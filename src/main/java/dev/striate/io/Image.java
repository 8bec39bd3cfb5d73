package dev.striate.io;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.StriateException;
import dev.striate.io.BilinearFilter.Axis;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * A picture of unsigned bytes, plane by plane: {@code (channels, height, width)}, with 1 channel (grey) or 3 (red, green, blue).
 * Immutable, unless {@link #pixels()} is written to. No display is needed.
 */
public final class Image {

    /** The most pixels that {@link #read(Path)} accepts: more than a photo of 48 megapixels has. */
    public static final int DEFAULT_MAX_PIXELS = 50_000_000;

    /** The highest limit that {@link #read(Path, int)} takes: a Java array holds four samples of so many pixels. */
    public static final int HIGHEST_MAX_PIXELS = 500_000_000;

    private static final float WHITE = 255;

    private final Shape shape;
    private final byte[] pixels;

    Image(byte[] pixels, int channels, int height, int width) {
        this(pixels, Shape.of(channels, height, width));
    }

    /**
     * A picture of given bytes, which are not copied.
     *
     * @param pixels in row-major order of {@code shape}
     * @param shape  {@code (channels, height, width)}
     * @throws ShapeException if there are not 1 or 3 channels or the bytes are not as many
     */
    public Image(byte[] pixels, Shape shape) {
        if (shape.rank() != 3 || shape.size(0) != 1 && shape.size(0) != 3 || shape.elements() != pixels.length) {
            throw new ShapeException("Image: expected (1 or 3 channels, height, width) and as many bytes, got " + shape + " and "
                    + pixels.length + " bytes");
        }
        this.pixels = pixels;
        this.shape = shape;
    }

    /**
     * Reads a picture of at most {@link #DEFAULT_MAX_PIXELS} pixels.
     *
     * @throws StriateException as {@link #read(Path, int)}
     */
    public static Image read(Path file) {
        return read(file, DEFAULT_MAX_PIXELS);
    }

    /**
     * Reads a PNG, JPEG, GIF (the first frame, on its screen) or BMP file; the format is recognised by its first bytes. Grey
     * pictures have 1 channel, others 3. Samples are taken as they are in the file, without regard to colour profiles; CMYK and
     * YCCK become the RGB that Pillow converts them to. What is transparent is laid over white. A PNG or JPEG that the camera
     * marked as turned (Exif orientation) is turned upright.
     *
     * <p>A file is checked before anything is decoded, in time linear in its length. Refused are:
     *
     * <ul>
     *   <li>pictures of more than {@code maxPixels} pixels, or with a side of more than 1,000,000 pixels
     *   <li>files of more than 8 bytes, and pictures that need more than 20 bytes of memory, for each of {@code maxPixels}
     *       (16 MiB are allowed in addition)
     *   <li>pictures that take the JDK's decoder too long: PNG files with more than 4 uncompressed bytes for each of
     *       {@code maxPixels} (16-bit RGB or RGBA), and JPEG files of many scans or much data: 1.5 times scans times pixels plus
     *       5 times the compressed bytes is at most 24 for each of {@code maxPixels}
     *   <li>JPEG files of more than 100 scans
     *   <li>headers that claim more pixels than the file can hold: deflate (PNG) writes at most 1032 bytes per byte, LZW (GIF)
     *       2728 pixels, JPEG a block of 8 x 8 samples per 2 bits (progressive: 1 bit), run-length encoding (BMP) 255 pixels
     *       per 2 bytes
     *   <li>JPEG or PNG within a BMP; JPEG files that are lossless, arithmetic-coded or not of 8 bits per sample
     * </ul>
     *
     * <p>With the default limit, an accepted picture is decoded within 10 s and takes less than 1 GB of memory; both grow in
     * proportion to {@code maxPixels}. Threads that read large pictures at the same time take turns, so that together they use
     * little more than half of the Java heap.
     *
     * @param maxPixels the largest width times height that is read, from 1 to {@link #HIGHEST_MAX_PIXELS}
     * @throws StriateException if the file cannot be read or decoded, is truncated or is refused, or the Java heap is too small
     */
    public static Image read(Path file, int maxPixels) {
        return ImageFiles.read(file, maxPixels, image -> image);
    }

    /**
     * Reads a picture as {@link #read(Path, int)} does and makes it {@code imageShape}: {@link #grey} or {@link #rgb}, and
     * {@link #fit fitted}. Threads that do this at the same time never hold more large pictures than memory allows.
     *
     * @param imageShape {@code (1 or 3, height, width)}
     * @throws ShapeException   if the shape is another
     * @throws StriateException as {@link #read(Path, int)}
     */
    public static Image read(Path file, Shape imageShape, int maxPixels) {
        if (imageShape.rank() != 3 || imageShape.size(0) != 1 && imageShape.size(0) != 3) {
            throw new ShapeException("Image.read: expected a shape (1 or 3 channels, height, width), got " + imageShape);
        }
        return ImageFiles.read(file, maxPixels, image -> {
            // Grey is fitted first: repeated in three channels it takes three times the memory and time.
            Image converted = imageShape.size(0) == 1 ? image.grey() : image;
            return converted.fit(imageShape.size(1), imageShape.size(2)).withChannels(imageShape.size(0));
        });
    }

    /** {@code (channels, height, width)}. */
    public Shape shape() {
        return shape;
    }

    public int channels() {
        return shape.size(0);
    }

    public int height() {
        return shape.size(1);
    }

    public int width() {
        return shape.size(2);
    }

    /** The bytes in row-major order of {@link #shape()}, not a copy. */
    public byte[] pixels() {
        return pixels;
    }

    /** The values from 0 (black) to 1 (white): each byte divided by 255. */
    public float[] toFloats() {
        float[] values = new float[pixels.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (pixels[i] & 0xFF) / WHITE;
        }
        return values;
    }

    /** This picture with 1 or 3 channels: {@link #grey()} or {@link #rgb()}. */
    public Image withChannels(int channels) {
        return switch (channels) {
            case 1 -> grey();
            case 3 -> rgb();
            default -> throw new ShapeException("Image: pictures have 1 channel or 3, asked for " + channels);
        };
    }

    /**
     * The luma of ITU-R BT.601, {@code 0.299 R + 0.587 G + 0.114 B}, in the fixed-point arithmetic of Pillow's mode L, to whose
     * bytes it is equal.
     */
    public Image grey() {
        if (channels() == 1) {
            return this;
        }
        int plane = height() * width();
        byte[] grey = new byte[plane];
        for (int i = 0; i < plane; i++) {
            int red = pixels[i] & 0xFF;
            int green = pixels[plane + i] & 0xFF;
            int blue = pixels[2 * plane + i] & 0xFF;
            grey[i] = (byte) (red * 19595 + green * 38470 + blue * 7471 + 0x8000 >> 16);
        }
        return new Image(grey, 1, height(), width());
    }

    /** Three channels; grey is repeated in each. */
    public Image rgb() {
        if (channels() == 3) {
            return this;
        }
        byte[] rgb = Arrays.copyOf(pixels, Math.multiplyExact(3, pixels.length));
        System.arraycopy(pixels, 0, rgb, pixels.length, pixels.length);
        System.arraycopy(pixels, 0, rgb, 2 * pixels.length, pixels.length);
        return new Image(rgb, 3, height(), width());
    }

    /** Each byte taken from 255. */
    public Image negative() {
        byte[] turned = new byte[pixels.length];
        for (int i = 0; i < turned.length; i++) {
            turned[i] = (byte) ~pixels[i];
        }
        return new Image(turned, shape);
    }

    /**
     * Scales to a size by bilinear interpolation with anti-aliasing: the triangle filter widens as the picture shrinks, so that
     * every pixel counts. Its bytes are those of Pillow's {@code resize(..., BILINEAR)}.
     *
     * @throws ShapeException if a side is below 1
     */
    public Image resize(int height, int width) {
        Shape resized = Shape.of(channels(), height, width);
        return resized.equals(shape) ? this : resize(Axis.whole(height(), height), Axis.whole(width(), width));
    }

    private Image resize(Axis rows, Axis columns) {
        return new Image(BilinearFilter.resize(pixels, channels(), rows, columns), channels(), rows.size(), columns.size());
    }

    /**
     * Makes a picture of any size fit a network's input: {@link #resize scales} it, keeping its proportions, to the least size
     * that covers {@code height} x {@code width}, and cuts out the middle as {@link #centerCrop} does. What is cut off is not
     * computed, however long the picture is.
     *
     * @throws ShapeException if a side is below 1
     */
    public Image fit(int height, int width) {
        Shape.of(height, width);
        if (height == height() && width == width()) {
            return this;
        }
        // The side that is relatively the shorter gets the exact size.
        boolean byHeight = (long) height * width() >= (long) width * height();
        long scaledHeight = byHeight ? height : scale(height(), width, width());
        long scaledWidth = byHeight ? scale(width(), height, height()) : width;
        return resize(new Axis(height(), scaledHeight, (scaledHeight - height) / 2, height),
                new Axis(width(), scaledWidth, (scaledWidth - width) / 2, width));
    }

    private static long scale(int side, int numerator, int denominator) {
        return ((long) side * numerator + denominator / 2) / denominator;
    }

    /**
     * Cuts out the middle; where what is left over is odd, the upper or left rest is the smaller.
     *
     * @throws ShapeException if the picture is smaller or a side is below 1
     */
    public Image centerCrop(int height, int width) {
        if (height > height() || width > width() || height < 1 || width < 1) {
            throw new ShapeException("Image.centerCrop: cannot cut " + height + " x " + width + " out of " + shape);
        }
        if (height == height() && width == width()) {
            return this;
        }
        int top = (height() - height) / 2;
        int left = (width() - width) / 2;
        byte[] cut = new byte[channels() * height * width];
        for (int c = 0; c < channels(); c++) {
            for (int y = 0; y < height; y++) {
                System.arraycopy(pixels, (c * height() + top + y) * width() + left, cut, (c * height + y) * width, width);
            }
        }
        return new Image(cut, channels(), height, width);
    }

    /** This picture with its upper left corner at {@code (top, left)} of a white one that holds it. */
    Image onWhite(int top, int left, int height, int width) {
        if (height == height() && width == width()) {
            return this;
        }
        byte[] canvas = new byte[channels() * height * width];
        Arrays.fill(canvas, (byte) 255);
        for (int c = 0; c < channels(); c++) {
            for (int y = 0; y < height(); y++) {
                System.arraycopy(pixels, (c * height() + y) * width(), canvas, (c * height + top + y) * width + left, width());
            }
        }
        return new Image(canvas, channels(), height, width);
    }

    /** Turns a picture that is stored with Exif's orientation 1 .. 8. */
    Image upright(int orientation) {
        if (orientation == 1) {
            return this;
        }
        // 5 to 8 are stored with rows and columns exchanged.
        boolean transposed = orientation >= 5;
        boolean flipRows = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
        boolean flipColumns = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
        int height = transposed ? width() : height();
        int width = transposed ? height() : width();
        byte[] turned = new byte[pixels.length];
        for (int c = 0; c < channels(); c++) {
            for (int y = 0; y < height; y++) {
                int row = flipRows ? height - 1 - y : y;
                for (int x = 0; x < width; x++) {
                    int column = flipColumns ? width - 1 - x : x;
                    int source = transposed ? column * width() + row : row * width() + column;
                    turned[(c * height + y) * width + x] = pixels[c * height * width + source];
                }
            }
        }
        return new Image(turned, channels(), height, width);
    }

    /**
     * Writes a PNG file, over one that is there.
     *
     * @throws StriateException if the file cannot be written
     */
    public void write(Path file) {
        try {
            ByteArrayOutputStream png = new ByteArrayOutputStream();
            try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(png)) {
                ImageIO.write(toBufferedImage(), "png", out);
            }
            Files.write(file, png.toByteArray());
        } catch (IOException e) {
            throw new StriateException("cannot write the picture " + file + ": " + e, e);
        }
    }

    private BufferedImage toBufferedImage() {
        int bands = channels();
        int type = bands == 1 ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_3BYTE_BGR;
        BufferedImage image = new BufferedImage(width(), height(), type);
        int[] row = new int[bands * width()];
        for (int y = 0; y < height(); y++) {
            for (int c = 0; c < bands; c++) {
                for (int x = 0; x < width(); x++) {
                    row[x * bands + c] = pixels[(c * height() + y) * width() + x] & 0xFF;
                }
            }
            image.getRaster().setPixels(0, y, width(), 1, row);
        }
        return image;
    }

    /** Whether the other is a picture of the same shape and bytes. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Image that && shape.equals(that.shape) && Arrays.equals(pixels, that.pixels);
    }

    @Override
    public int hashCode() {
        return 31 * shape.hashCode() + Arrays.hashCode(pixels);
    }

    /** {@code Image(3, 32, 32)}. */
    @Override
    public String toString() {
        return "Image" + shape;
    }
}
