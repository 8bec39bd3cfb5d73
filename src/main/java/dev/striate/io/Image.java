package dev.striate.io;

import dev.striate.Device;
import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.StriateException;
import dev.striate.Tensor;
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
 * A picture of unsigned bytes with the shape {@code (channels, height, width)} and 1 channel (grey) or 3 (red, green,
 * blue). It is immutable as long as {@link #pixels()} is not written to. No display is needed.
 */
public final class Image {

    /** The maximum number of pixels for {@link #read(Path)}; enough for photos of 48 megapixels. */
    public static final int DEFAULT_MAX_PIXELS = 50_000_000;

    /** The highest limit for {@link #read(Path, int)}, so that four samples per pixel fit into a Java array. */
    public static final int HIGHEST_MAX_PIXELS = 500_000_000;

    private static final float WHITE = 255;

    private final Shape shape;
    private final byte[] pixels;

    Image(byte[] pixels, int channels, int height, int width) {
        this(pixels, Shape.ofPositive(channels, height, width));
    }

    /**
     * Creates a picture from bytes, which are not copied.
     *
     * @param pixels the bytes in row-major order of {@code shape}
     * @param shape  {@code (channels, height, width)}
     * @throws ShapeException if there are not 1 or 3 channels, or the number of bytes does not match the shape
     */
    public Image(byte[] pixels, Shape shape) {
        if (shape.rank() != 3
                || shape.size(0) != 1 && shape.size(0) != 3
                || pixels.length == 0
                || shape.elements() != pixels.length) {
            throw new ShapeException("Image: expected (1 or 3 channels, height, width) and as many bytes, got " + shape
                    + " and " + pixels.length + " bytes");
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
     * Reads a PNG, JPEG, GIF (the first frame, placed on its screen) or BMP file. The format is recognised by its first
     * bytes. Grey pictures get 1 channel, others 3. Colour profiles are ignored; CMYK and YCCK are converted to RGB
     * like in Pillow. Transparent pixels are blended with white. A PNG or JPEG with an Exif orientation is turned
     * upright.
     *
     * <p>A file is checked before it is decoded, in linear time. The following files are rejected:
     *
     * <ul>
     * <li>pictures of more than {@code maxPixels} pixels, or with a side of more than 1,000,000 pixels
     * <li>files of more than {@code 8 maxPixels} bytes, and pictures that need more than {@code 20 maxPixels} bytes of
     *       memory (plus 16 MiB in both cases)
     * <li>pictures that take the JDK's decoder too long: PNG files with more than {@code 4 maxPixels} uncompressed
     *       bytes (16-bit RGB or RGBA), and JPEG files with {@code 1.5 scans pixels + 5 compressedBytes > 24 maxPixels}
     * <li>JPEG files with more than 100 scans
     * <li>files with fewer bytes than their size in pixels requires: deflate (PNG) expands a byte to at most 1032
     *       bytes, LZW (GIF) to 2728 pixels; JPEG needs at least 2 bits per block of 8 x 8 samples (progressive: 1
     *       bit), and run-length encoding (BMP) 2 bytes per 255 pixels
     * <li>BMP files that contain a JPEG or PNG; JPEG files that are lossless, arithmetic-coded or not of 8 bits per
     *       sample
     * </ul>
     *
     * <p>With the default limit, an accepted picture is decoded within 10 s and takes less than 1 GB of memory; both
     * limits are proportional to {@code maxPixels}. Threads that read large pictures at the same time wait for each
     * other, so that together they use little more than half of the Java heap.
     *
     * @param maxPixels the maximum of width times height, from 1 to {@link #HIGHEST_MAX_PIXELS}
     * @throws StriateException if the file cannot be read or decoded, is truncated or rejected, or the Java heap is too
     *     small
     */
    public static Image read(Path file, int maxPixels) {
        return ImageFiles.read(file, maxPixels, image -> image);
    }

    /**
     * Returns the height and width of the picture that {@link #read(Path)} returns, without decoding it.
     *
     * @throws StriateException as {@link #read(Path, int)}, except if only decoding shows that the file is damaged
     */
    public static Shape readSize(Path file) {
        return ImageFiles.size(file, DEFAULT_MAX_PIXELS);
    }

    /**
     * Reads a picture like {@link #read(Path, int)} and converts it to {@code imageShape} with {@link #grey} or {@link
     * #rgb} and {@link #fit}. If several threads read large pictures at the same time, they wait until enough memory is
     * free.
     *
     * @param imageShape {@code (1 or 3, height, width)}
     * @throws ShapeException   if the shape is not of this form
     * @throws StriateException as {@link #read(Path, int)}
     */
    public static Image read(Path file, Shape imageShape, int maxPixels) {
        if (imageShape.rank() != 3 || imageShape.size(0) != 1 && imageShape.size(0) != 3) {
            throw new ShapeException(
                    "Image.read: expected a shape (1 or 3 channels, height, width), got " + imageShape);
        }
        return ImageFiles.read(file, maxPixels, image -> {
            // Grey is fitted first: repeated in three channels it takes three times the memory and time.
            Image converted = imageShape.size(0) == 1 ? image.grey() : image;
            return converted.fit(imageShape.size(1), imageShape.size(2)).withChannels(imageShape.size(0));
        });
    }

    /** Returns the shape, {@code (channels, height, width)}. */
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

    /** Returns the bytes in row-major order of {@link #shape()}, without copying. */
    public byte[] pixels() {
        return pixels;
    }

    /**
     * Returns a batch of this one picture, {@code (1, channels, height, width)}, with values from 0 (black) to 1
     * (white).
     */
    public Tensor toTensor(Device device) {
        return Tensor.of(device, Shape.of(1, channels(), height(), width()), toFloats());
    }

    /** Returns the values from 0 (black) to 1 (white): each byte divided by 255. */
    public float[] toFloats() {
        float[] values = new float[pixels.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (pixels[i] & 0xFF) / WHITE;
        }
        return values;
    }

    /** Returns this picture with 1 or 3 channels: {@link #grey()} or {@link #rgb()}. */
    public Image withChannels(int channels) {
        return switch (channels) {
            case 1 -> grey();
            case 3 -> rgb();
            default -> throw new ShapeException("Image: pictures have 1 channel or 3, asked for " + channels);
        };
    }

    /**
     * Returns this picture in grey: the luma of ITU-R BT.601, {@code 0.299 R + 0.587 G + 0.114 B}. The bytes are equal
     * to those of Pillow's mode L.
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

    /** Returns this picture with three channels; grey is repeated in each. */
    public Image rgb() {
        if (channels() == 3) {
            return this;
        }
        byte[] rgb = Arrays.copyOf(pixels, Math.multiplyExact(3, pixels.length));
        System.arraycopy(pixels, 0, rgb, pixels.length, pixels.length);
        System.arraycopy(pixels, 0, rgb, 2 * pixels.length, pixels.length);
        return new Image(rgb, 3, height(), width());
    }

    /** Returns the negative: 255 minus each byte. */
    public Image negative() {
        byte[] turned = new byte[pixels.length];
        for (int i = 0; i < turned.length; i++) {
            turned[i] = (byte) ~pixels[i];
        }
        return new Image(turned, shape);
    }

    /**
     * Returns this picture scaled by bilinear interpolation with anti-aliasing: if the picture shrinks, the triangle
     * filter widens, so that every pixel contributes. The bytes are equal to those of Pillow's {@code resize(...,
     * BILINEAR)}.
     *
     * @throws ShapeException if a side is below 1
     */
    public Image resize(int height, int width) {
        Shape resized = Shape.ofPositive(channels(), height, width);
        return resized.equals(shape) ? this : resize(Axis.whole(height(), height), Axis.whole(width(), width));
    }

    private Image resize(Axis rows, Axis columns) {
        return new Image(
                BilinearFilter.resize(pixels, channels(), rows, columns), channels(), rows.size(), columns.size());
    }

    /**
     * Returns this picture scaled and cropped to a size, such as that of a network's input. It is {@linkplain #resize
     * scaled} with its proportions to the smallest size that covers {@code height} x {@code width}, then cropped as by
     * {@link #centerCrop}. The parts that are cropped are not computed.
     *
     * @throws ShapeException if a side is below 1
     */
    public Image fit(int height, int width) {
        Shape.ofPositive(height, width);
        if (height == height() && width == width()) {
            return this;
        }
        // The relatively shorter side gets the exact size.
        boolean byHeight = (long) height * width() >= (long) width * height();
        long scaledHeight = byHeight ? height : scale(height(), width, width());
        long scaledWidth = byHeight ? scale(width(), height, height()) : width;
        return resize(
                new Axis(height(), scaledHeight, (scaledHeight - height) / 2, height),
                new Axis(width(), scaledWidth, (scaledWidth - width) / 2, width));
    }

    private static long scale(int side, int numerator, int denominator) {
        return ((long) side * numerator + denominator / 2) / denominator;
    }

    /**
     * Returns the middle of this picture. If an odd number of rows or columns is cut off, one more is cut off at the
     * bottom or right.
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
                System.arraycopy(
                        pixels, (c * height() + top + y) * width() + left, cut, (c * height + y) * width, width);
            }
        }
        return new Image(cut, channels(), height, width);
    }

    /** Returns a white picture of the given size with the upper left corner of this picture at {@code (top, left)}. */
    Image onWhite(int top, int left, int height, int width) {
        if (height == height() && width == width()) {
            return this;
        }
        byte[] canvas = new byte[channels() * height * width];
        Arrays.fill(canvas, (byte) 255);
        for (int c = 0; c < channels(); c++) {
            for (int y = 0; y < height(); y++) {
                System.arraycopy(
                        pixels, (c * height() + y) * width(), canvas, (c * height + top + y) * width + left, width());
            }
        }
        return new Image(canvas, channels(), height, width);
    }

    /** Returns this picture turned upright, if it is stored with Exif orientation 1 .. 8. */
    Image upright(int orientation) {
        if (orientation == 1) {
            return this;
        }
        // Orientations 5 to 8 exchange rows and columns.
        boolean transposed = ExifOrientation.isTransposed(orientation);
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
     * Writes a PNG file. An existing file is replaced.
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

    /** Returns whether the other object is a picture with the same shape and bytes. */
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
