package dev.striate.io;

import java.awt.image.Raster;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import javax.imageio.ImageReader;

/**
 * The segments of a JPEG file (ITU-T T.81). Application segments are not passed to the decoder, so it returns the
 * stored components. This class converts their colours with the rules and the arithmetic of libjpeg and Pillow.
 */
final class Jpeg extends EncodedImage {

    /** Encoders usually write about ten. */
    private static final int MAX_SCANS = 100;

    private static final double WORK_PER_SCANNED_PIXEL = 1.5;
    private static final int WORK_PER_BYTE = 5;

    private static final int BASELINE = 0xC0;
    private static final int EXTENDED = 0xC1;
    private static final int PROGRESSIVE = 0xC2;
    private static final int HUFFMAN_TABLES = 0xC4;
    private static final int EXTENSIONS = 0xC8;
    private static final int ARITHMETIC_TABLES = 0xCC;
    private static final int LAST_FRAME = 0xCF;
    private static final int FIRST_RESTART = 0xD0;
    private static final int LAST_RESTART = 0xD7;
    private static final int END_OF_IMAGE = 0xD9;
    private static final int START_OF_SCAN = 0xDA;
    private static final int APP0 = 0xE0;
    private static final int APP1 = 0xE1;
    private static final int APP14 = 0xEE;
    private static final int APP15 = 0xEF;
    private static final int COMMENT = 0xFE;
    private static final int TEMPORARY = 0x01;

    private boolean jfif;
    private boolean exif;

    /** 0 for RGB or CMYK, 1 for YCbCr, 2 for YCCK; negative if there is no Adobe segment. */
    private int adobeTransform = -1;

    /** The components of the frame; null until its header is read. */
    private byte[] componentIds;

    private boolean progressive;

    /** Blocks of 8 x 8 samples in all components. */
    private long blocks;

    Jpeg(byte[] bytes) throws IOException {
        super(bytes);
        skip(2);
        keep(0, 2);
        int scans = 0;
        int scanData = 0;
        for (int marker = nextMarker(); marker != END_OF_IMAGE; marker = nextMarker()) {
            if (marker == TEMPORARY || marker >= FIRST_RESTART && marker <= LAST_RESTART) {
                continue;
            }
            int start = in.position() - 2;
            keepScan(scanData, start);
            int length = in.getShort() & 0xFFFF;
            ByteBuffer content = in.slice(in.position(), Math.max(0, Math.min(length - 2, in.remaining())));
            skip(length - 2);
            scanData = 0;
            if (marker == START_OF_SCAN) {
                scans++;
                scanData = in.position();
            } else if (marker >= BASELINE
                    && marker <= LAST_FRAME
                    && marker != HUFFMAN_TABLES
                    && marker != EXTENSIONS
                    && marker != ARITHMETIC_TABLES) {
                readFrame(marker, content);
            } else if (marker >= APP0 && marker <= APP15 && scans == 0) {
                // As in libjpeg, what follows the first scan no longer changes the colours or the orientation.
                readApplication(marker, content);
            }
            if ((marker < APP0 || marker > APP15) && marker != COMMENT) {
                keep(start, in.position());
            }
        }
        keepScan(scanData, in.position() - 2);
        keep(in.position() - 2, in.position());

        if (componentIds == null) {
            throw new IOException("the file is damaged: it has no frame header");
        }
        if (scans > MAX_SCANS) {
            throw new IOException(
                    "it has " + scans + " scans, more than the limit of " + MAX_SCANS + "; save it as a baseline JPEG");
        }
        // A block takes at least one bit for its mean and, unless other scans contain it, one bit for its end.
        leastDataBytes = (progressive ? blocks : 2 * blocks) / Byte.SIZE;
        decoderBytes = componentIds.length * (scans > 1 || progressive ? 1L + Short.BYTES : 1L);
        // The JDK recomputes all pixels after every scan.
        work = (long) (WORK_PER_SCANNED_PIXEL * scans * width * height) + WORK_PER_BYTE * dataBytes;
    }

    /** Reads and returns the next marker. Garbage, fill bytes and zeros before it are skipped, as in libjpeg. */
    private int nextMarker() {
        int marker = 0;
        while (marker == 0) {
            while (in.get() != (byte) 0xFF) {}
            do {
                marker = in.get() & 0xFF;
            } while (marker == 0xFF);
        }
        return marker;
    }

    private void keepScan(int from, int to) {
        if (from > 0) {
            keep(from, to);
            dataBytes += to - from;
        }
    }

    private void readFrame(int marker, ByteBuffer frame) throws IOException {
        int precision = frame.get();
        if (marker != BASELINE && marker != EXTENDED && marker != PROGRESSIVE || precision != 8) {
            throw new IOException(
                    "JPEG files that are lossless, arithmetic-coded or not of 8 bits per sample are not supported;"
                            + " save it as a baseline JPEG");
        }
        if (componentIds != null) {
            throw new IOException("the file is damaged: it has two frame headers");
        }
        height = frame.getShort() & 0xFFFF;
        width = frame.getShort() & 0xFFFF;
        progressive = marker == PROGRESSIVE;
        int count = frame.get() & 0xFF;
        if (count != 1 && count != 3 && count != 4) {
            throw new IOException("it has " + count + " components; expected 1 (grey), 3 (colour) or 4 (CMYK)");
        }
        componentIds = new byte[count];
        int[] across = new int[count];
        int[] down = new int[count];
        int mostAcross = 1;
        int mostDown = 1;
        for (int c = 0; c < count; c++) {
            componentIds[c] = frame.get();
            int factors = frame.get();
            frame.get();
            across[c] = factors >> 4 & 0xF;
            down[c] = factors & 0xF;
            mostAcross = Math.max(mostAcross, across[c]);
            mostDown = Math.max(mostDown, down[c]);
        }
        for (int c = 0; c < count; c++) {
            blocks += ceilDiv(width * across[c], 8L * mostAcross) * ceilDiv(height * down[c], 8L * mostDown);
        }
    }

    private static long ceilDiv(long dividend, long divisor) {
        return (dividend + divisor - 1) / divisor;
    }

    private void readApplication(int marker, ByteBuffer content) {
        if (marker == APP0 && startsWith(content, "JFIF\0")) {
            jfif = true;
        } else if (marker == APP14 && startsWith(content, "Adobe") && content.limit() >= 12) {
            adobeTransform = content.get(11) & 0xFF;
        } else if (marker == APP1 && !exif && startsWith(content, "Exif\0\0")) {
            exif = true;
            orientation = ExifOrientation.of(content.slice(6, content.limit() - 6));
        }
    }

    private static boolean startsWith(ByteBuffer content, String text) {
        ByteBuffer start = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
        return content.mismatch(start) == start.limit() || content.equals(start);
    }

    @Override
    String format() {
        return "jpeg";
    }

    @Override
    Image decode(ImageReader reader) throws IOException {
        String[] truncation = new String[1];
        reader.addIIOReadWarningListener((source, warning) -> {
            // The reader replaces missing data with grey and only warns.
            String text = warning.toLowerCase(Locale.ROOT);
            if (text.contains("truncated") || text.contains("premature end")) {
                truncation[0] = warning;
            }
        });
        Raster raster = reader.readRaster(0, null);
        if (truncation[0] != null) {
            throw new IOException(truncation[0]);
        }
        int bands = raster.getNumBands();
        int channels = Math.min(bands, 3);
        boolean luma = storesLuma();
        int columns = raster.getWidth();
        int plane = columns * raster.getHeight();
        byte[] pixels = new byte[channels * plane];
        int[] row = new int[bands * columns];
        for (int i = 0; i < plane; i++) {
            int column = i % columns;
            if (column == 0) {
                raster.getPixels(0, i / columns, columns, 1, row);
            }
            int sample = column * bands;
            if (luma) {
                toRgb(row, sample);
            }
            for (int c = 0; c < channels; c++) {
                int value = row[sample + c];
                pixels[c * plane + i] =
                        (byte) (bands == 4 ? underBlack(luma ? value : 255 - value, row[sample + 3]) : value);
            }
        }
        return new Image(pixels, channels, raster.getHeight(), columns);
    }

    /** Returns whether the first three components are luma and the blue and red differences. */
    private boolean storesLuma() {
        return switch (componentIds.length) {
            case 3 ->
                jfif
                        || (adobeTransform >= 0
                                ? adobeTransform != 0
                                : componentIds[0] != 'R' || componentIds[1] != 'G' || componentIds[2] != 'B');
            case 4 -> adobeTransform > 0;
            default -> false;
        };
    }

    /** Replaces Y, Cb and Cr by R, G and B, with the equations of JFIF in fixed point with 16 fractional bits. */
    private static void toRgb(int[] samples, int first) {
        int y = samples[first];
        int blue = samples[first + 1] - 128;
        int red = samples[first + 2] - 128;
        samples[first] = clamp(y + (91881 * red + 32768 >> 16));
        samples[first + 1] = clamp(y + (-22554 * blue - 46802 * red + 32768 >> 16));
        samples[first + 2] = clamp(y + (116130 * blue + 32768 >> 16));
    }

    private static int clamp(int value) {
        return Math.max(0, Math.min(255, value));
    }

    /**
     * Returns the RGB value for a colour ink and an inverted black: {@code black - ink black / 255}. All known encoders
     * store inks inverted, including black. In YCCK, however, YCbCr encodes inks that are not inverted.
     */
    private static int underBlack(int ink, int black) {
        int product = ink * black + 128;
        return black - (product + (product >> 8) >> 8);
    }
}
