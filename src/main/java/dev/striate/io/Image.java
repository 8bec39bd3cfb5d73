package dev.striate.io;

import dev.striate.Shape;
import dev.striate.ShapeException;
import dev.striate.StriateException;
import dev.striate.io.BilinearFilter.Axis;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * A picture of unsigned bytes, plane by plane: {@code (channels, height, width)}, with 1 channel (grey) or 3 (red, green, blue).
 * Immutable, unless {@link #pixels()} is written to. No display is needed.
 */
public final class Image {

    /** Larger pictures are refused by {@link #read}, before memory is taken for them. */
    private static final long MAX_PIXELS = 100_000_000;

    private static final float WHITE = 255;

    private final Shape shape;
    private final byte[] pixels;

    private Image(byte[] pixels, int channels, int height, int width) {
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
     * Decodes a PNG, JPEG, GIF (the first frame) or BMP file. Grey pictures have 1 channel, others 3; samples are taken as they
     * are in the file, without regard to colour profiles. What is transparent is laid over white, and a JPEG that the camera
     * marked as turned (Exif orientation) is turned upright.
     *
     * @throws StriateException if the file cannot be read or decoded, is truncated, is in CMYK, or has over 100 million pixels
     */
    public static Image read(Path file) {
        try (ImageInputStream in = new MemoryCacheImageInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
            if (!readers.hasNext()) {
                throw new StriateException(file + " is not a picture that can be read; expected PNG, JPEG, GIF or BMP");
            }
            ImageReader reader = readers.next();
            try {
                reader.setInput(in, true, true);
                Image stored = decode(file, reader);
                return reader.getFormatName().equalsIgnoreCase("jpeg") ? stored.upright(ExifOrientation.read(file)) : stored;
            } finally {
                reader.dispose();
            }
        } catch (NoSuchFileException e) {
            throw new StriateException("cannot read the picture " + file + ": there is no such file", e);
        } catch (IOException e) {
            throw new StriateException("cannot read the picture " + file + ": " + reason(e), e);
        } catch (StriateException e) {
            throw e;
        } catch (RuntimeException e) {
            // The readers of the JDK meet broken files with exceptions of all kinds.
            throw new StriateException("cannot decode the picture " + file + ": " + reason(e), e);
        }
    }

    private static String reason(Exception e) {
        return e.getMessage() == null ? e.toString() : e.getMessage();
    }

    private static Image decode(Path file, ImageReader reader) throws IOException {
        int width = reader.getWidth(0);
        int height = reader.getHeight(0);
        if ((long) width * height > MAX_PIXELS) {
            throw new StriateException(file + " has " + width + " x " + height + " pixels, more than the " + MAX_PIXELS
                    + " that are read; make it smaller first");
        }
        String[] truncation = new String[1];
        reader.addIIOReadWarningListener((source, warning) -> {
            // The JPEG reader fills up what is missing with grey and only warns.
            String text = warning.toLowerCase(Locale.ROOT);
            if (text.contains("truncated") || text.contains("premature end")) {
                truncation[0] = warning;
            }
        });
        BufferedImage decoded = reader.read(0);
        if (truncation[0] != null) {
            throw new StriateException("cannot decode the picture " + file + ": " + truncation[0]);
        }
        return decoded.getColorModel() instanceof IndexColorModel palette
                ? ofPalette(decoded, palette)
                : ofSamples(file, decoded);
    }

    /** From the raster and not by {@code getRGB}, which takes grey for linear light and would brighten it. */
    private static Image ofSamples(Path file, BufferedImage decoded) {
        ColorModel model = decoded.getColorModel();
        Raster raster = decoded.getRaster();
        int bands = raster.getNumBands();
        int channels = model.hasAlpha() ? bands - 1 : bands;
        if (channels != 1 && channels != 3) {
            throw new StriateException(file + " has " + channels
                    + " channels of colour; convert it to grey or RGB (is it CMYK?)");
        }
        int width = decoded.getWidth();
        int height = decoded.getHeight();
        byte[] pixels = new byte[channels * height * width];
        int[] row = new int[bands * width];
        for (int y = 0; y < height; y++) {
            raster.getPixels(0, y, width, 1, row);
            for (int x = 0; x < width; x++) {
                int alpha = model.hasAlpha() ? toByte(row[x * bands + channels], model.getComponentSize(channels)) : 255;
                for (int c = 0; c < channels; c++) {
                    int value = toByte(row[x * bands + c], model.getComponentSize(c));
                    pixels[(c * height + y) * width + x] = (byte) overWhite(value, alpha);
                }
            }
        }
        return new Image(pixels, channels, height, width);
    }

    private static Image ofPalette(BufferedImage decoded, IndexColorModel palette) {
        int[] colors = new int[palette.getMapSize()];
        palette.getRGBs(colors);
        boolean grey = true;
        for (int color : colors) {
            grey &= (color >> 16 & 0xFF) == (color >> 8 & 0xFF) && (color >> 8 & 0xFF) == (color & 0xFF);
        }
        int channels = grey ? 1 : 3;
        int width = decoded.getWidth();
        int height = decoded.getHeight();
        byte[] pixels = new byte[channels * height * width];
        int[] row = new int[width];
        for (int y = 0; y < height; y++) {
            decoded.getRGB(0, y, width, 1, row, 0, width);
            for (int c = 0; c < channels; c++) {
                for (int x = 0; x < width; x++) {
                    pixels[(c * height + y) * width + x] = (byte) overWhite(row[x] >> 16 - 8 * c & 0xFF, row[x] >>> 24);
                }
            }
        }
        return new Image(pixels, channels, height, width);
    }

    private static int toByte(int sample, int bits) {
        int most = (1 << bits) - 1;
        return bits == 8 ? sample : (int) ((sample * 255L + most / 2) / most);
    }

    private static int overWhite(int value, int alpha) {
        return (value * alpha + 255 * (255 - alpha) + 127) / 255;
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

    /** Undoes what Exif's orientation 1 .. 8 says of the stored picture. */
    private Image upright(int orientation) {
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
