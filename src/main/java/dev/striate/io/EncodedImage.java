package dev.striate.io;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.ImageInputStreamImpl;

/**
 * A picture file in memory. The constructor of each format parses the header and the structure of the file, in linear
 * time and without decoding, and sets the fields that {@link #check} compares with the limits. It also removes the
 * parts that the JDK's decoder must not see: metadata, which may be compressed or claim any length.
 */
abstract sealed class EncodedImage permits Bmp, Gif, Jpeg, Png {

    private static final int MAX_WORK_PER_PIXEL = 24;
    private static final int MAX_MEMORY_PER_PIXEL = 20;

    /** The bytes per pixel of the largest uncompressed format, 16-bit RGBA. */
    private static final int MAX_FILE_PER_PIXEL = 8;

    /** The limit of libpng. The decoders take about a microsecond per row, even for very short rows. */
    private static final int MAX_SIDE = 1_000_000;

    /** Added to the limits above, so that a low limit on pixels still allows headers and metadata. */
    static final int SLACK = 16 << 20;

    /** The first bytes of PNG, JPEG, GIF and BMP files. */
    private static final List<String> SIGNATURES = List.of("\211PNG\r\n\032\n", "\377\330", "GIF8", "BM");

    final ByteBuffer in;

    /** The size of the decoded picture, before {@link #orientation} is applied. */
    long width;

    long height;

    /** The bytes per pixel that the decoder needs, in addition to the file and the {@link Image}. */
    long decoderBytes;

    /** An estimate of the decoding time, in units of about 5 ns; 0 for formats that decode fast. */
    long work;

    /** The length of the compressed pixels. */
    long dataBytes;

    /** The length of the compressed pixels that the decoder copies before it decodes them. */
    long copiedBytes;

    /** The smallest length of compressed pixels that is possible for this size. */
    long leastDataBytes;

    /** Exif's orientation, 1 to 8; 1 is upright. */
    int orientation = ExifOrientation.UPRIGHT;

    private final byte[] bytes;

    /** The number of bytes for the decoder. The kept parts are moved to the start of {@link #bytes}. */
    int kept;

    EncodedImage(byte[] bytes) {
        this.bytes = bytes;
        this.in = ByteBuffer.wrap(bytes);
    }

    /**
     * Parses a file of a {@linkplain #isKnown known} format.
     *
     * @throws IOException if it is damaged or describes a picture that cannot be read
     */
    static EncodedImage parse(byte[] bytes) throws IOException {
        try {
            return switch (bytes[0]) {
                case (byte) 0x89 -> new Png(bytes);
                case 'G' -> new Gif(bytes);
                case 'B' -> new Bmp(bytes);
                default -> new Jpeg(bytes);
            };
        } catch (BufferUnderflowException | IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new IOException("the file is truncated or damaged", e);
        }
    }

    /** Returns whether a file that starts with these bytes has a supported format. */
    static boolean isKnown(byte[] start) {
        return SIGNATURES.stream().anyMatch(new String(start, StandardCharsets.ISO_8859_1)::startsWith);
    }

    /** Returns the maximum size of a file. */
    static long maxFileBytes(int maxPixels) {
        return (long) MAX_FILE_PER_PIXEL * maxPixels + SLACK;
    }

    /** @throws IOException if the picture exceeds a limit or is larger than its data can encode */
    void check(int maxPixels) throws IOException {
        String size = width + " x " + height + " pixels";
        String raise = " or raise the limit of " + maxPixels + " pixels (--max-pixels, or maxPixels of Image.read)";
        if (width < 1 || height < 1) {
            throw new IOException("the file is damaged: it claims " + size);
        }
        if (width * height > maxPixels) {
            throw new IOException("it has " + size + "; make it smaller" + raise);
        }
        if (Math.max(width, height) > MAX_SIDE) {
            throw new IOException("it has " + size + "; a side may have at most " + MAX_SIDE);
        }
        if (memory() > (long) MAX_MEMORY_PER_PIXEL * maxPixels + SLACK) {
            throw new IOException("decoding it takes " + memory() + " bytes of memory; make it smaller" + raise
                    + ", which allows " + MAX_MEMORY_PER_PIXEL + " bytes per pixel");
        }
        if (work > (long) MAX_WORK_PER_PIXEL * maxPixels + SLACK) {
            throw new IOException(
                    "decoding its " + size + " would take too long; save it with 8 bits per sample and not as a"
                            + " progressive JPEG, make it smaller" + raise);
        }
        if (dataBytes < leastDataBytes) {
            throw new IOException("the file is truncated or damaged: it claims " + size + ", which take at least "
                    + leastDataBytes + " bytes in this format, and has " + dataBytes);
        }
    }

    /** Returns an upper bound of the bytes that the file, the decoder and the {@link Image} need together. */
    final long memory() {
        return bytes.length + copiedBytes + width * height * (decoderBytes + 3);
    }

    /** Keeps a part of the file for the decoder. Parts must be kept in order. */
    final void keep(int from, int to) {
        System.arraycopy(bytes, from, bytes, kept, to - from);
        kept += to - from;
    }

    /**
     * Moves the position forward.
     *
     * @throws IOException if this leaves the file
     */
    final void skip(long count) throws IOException {
        if (count < 0 || count > in.remaining()) {
            throw new IOException("the file is truncated or damaged at byte " + in.position());
        }
        in.position(in.position() + (int) count);
    }

    final Image decode() throws IOException {
        ImageReader reader = reader();
        Image stored;
        try (ImageInputStream stream = new Input(bytes, kept)) {
            reader.setInput(stream, true, true);
            stored = decode(reader);
        } finally {
            reader.dispose();
        }
        return stored.upright(orientation);
    }

    abstract String format();

    Image decode(ImageReader reader) throws IOException {
        BufferedImage decoded = reader.read(0);
        return decoded.getColorModel() instanceof IndexColorModel palette
                ? ofPalette(decoded, palette)
                : ofSamples(decoded);
    }

    /** Returns the JDK's own reader, because another one on the class path may decode differently. */
    private ImageReader reader() {
        Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format());
        while (readers.hasNext()) {
            ImageReader reader = readers.next();
            if (reader.getClass().getModule() == ImageIO.class.getModule()) {
                return reader;
            }
        }
        throw new IllegalStateException("this Java has no reader for the format " + format());
    }

    /** Reads the raster instead of calling {@code getRGB}, which assumes that grey is linear and would brighten it. */
    private static Image ofSamples(BufferedImage decoded) {
        ColorModel model = decoded.getColorModel();
        Raster raster = decoded.getRaster();
        int width = decoded.getWidth();
        int height = decoded.getHeight();
        int bands = raster.getNumBands();
        boolean hasAlpha = model.hasAlpha();
        int channels = hasAlpha ? bands - 1 : bands;
        int[][] toByte = new int[bands][];
        for (int b = 0; b < bands; b++) {
            toByte[b] = toByte(model.getComponentSize(b));
        }
        byte[] pixels = new byte[channels * height * width];
        int[] row = new int[bands * width];
        for (int y = 0; y < height; y++) {
            raster.getPixels(0, y, width, 1, row);
            for (int x = 0; x < width; x++) {
                int alpha = hasAlpha ? toByte[channels][row[x * bands + channels]] : 255;
                for (int c = 0; c < channels; c++) {
                    pixels[(c * height + y) * width + x] = (byte) overWhite(toByte[c][row[x * bands + c]], alpha);
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

    /** Returns a table that maps samples with this number of bits to the nearest value of 0 to 255. */
    private static int[] toByte(int bits) {
        int[] table = new int[1 << bits];
        int most = table.length - 1;
        for (int sample = 0; sample <= most; sample++) {
            table[sample] = (sample * 255 + most / 2) / most;
        }
        return table;
    }

    private static int overWhite(int value, int alpha) {
        return (value * alpha + 255 * (255 - alpha) + 127) / 255;
    }

    /** A stream of the kept bytes. {@code MemoryCacheImageInputStream} would copy them. */
    private static final class Input extends ImageInputStreamImpl {

        private final byte[] bytes;
        private final int length;

        Input(byte[] bytes, int length) {
            this.bytes = bytes;
            this.length = length;
        }

        @Override
        public int read() {
            bitOffset = 0;
            return streamPos < length ? bytes[(int) streamPos++] & 0xFF : -1;
        }

        @Override
        public int read(byte[] target, int offset, int count) {
            bitOffset = 0;
            if (streamPos >= length) {
                return -1;
            }
            int read = (int) Math.min(count, length - streamPos);
            System.arraycopy(bytes, (int) streamPos, target, offset, read);
            streamPos += read;
            return read;
        }

        @Override
        public long length() {
            return length;
        }
    }
}
