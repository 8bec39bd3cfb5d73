package dev.striate.io;

import java.io.IOException;
import java.nio.ByteOrder;
import java.util.Locale;
import javax.imageio.ImageReader;

/**
 * A bitmap of Windows or OS/2 1.x, uncompressed or run-length encoded. Lengths in the header are replaced by the true
 * ones.
 */
final class Bmp extends EncodedImage {

    private static final int FILE_BYTES = 2;
    private static final int DATA_OFFSET = 10;
    private static final int HEADER = 14;
    private static final int COMPRESSION = 30;
    private static final int DATA_BYTES = 34;
    private static final int COLORS = 46;
    private static final int COLOR_SPACE = 70;
    private static final int SRGB = 0x73524742;

    /** Where the bits of red, green and blue are in a pixel, and in longer headers those of alpha. */
    private static final int RED_MASK = 54;

    private static final int GREEN_MASK = 58;
    private static final int BLUE_MASK = 62;
    private static final int ALPHA_MASK = 66;
    private static final int MAX_SAMPLE_BITS = 16;

    /** The length of the header of OS/2 1.x, in which sizes have 16 bits. */
    private static final int CORE_HEADER = 12;

    /** The length of the header of OS/2 2.x. */
    private static final int OS2_HEADER = 64;

    private static final int RLE8 = 1;
    private static final int RLE4 = 2;
    private static final long MAX_RUN_BYTES = 4;
    private static final int END_OF_ROW = 0;
    private static final int END = 1;
    private static final int MOVE = 2;
    private static final int BIT_FIELDS = 3;
    private static final int JPEG = 4;
    private static final int PNG = 5;

    private final int bits;
    private final int dataOffset;

    Bmp(byte[] bytes) throws IOException {
        super(bytes);
        in.order(ByteOrder.LITTLE_ENDIAN);
        int headerBytes = in.getInt(HEADER);
        boolean core = headerBytes == CORE_HEADER;
        if (headerBytes == OS2_HEADER) {
            throw new IOException("an OS/2 2.x bitmap is not supported; save the picture as PNG");
        }
        width = core ? in.getShort(HEADER + 4) & 0xFFFF : in.getInt(HEADER + 4);
        // Negative if the rows are stored from top to bottom.
        height = Math.abs(core ? in.getShort(HEADER + 6) & 0xFFFF : (long) in.getInt(HEADER + 8));
        if (core && Math.max(width, height) > Short.MAX_VALUE) {
            // The JDK's decoder reads these sizes as signed numbers.
            throw new IOException("an OS/2 bitmap of " + width + " x " + height
                    + " pixels is not supported; save the picture as" + " PNG");
        }
        bits = in.getShort(core ? HEADER + 10 : HEADER + 14);
        int compression = core ? 0 : in.getInt(COMPRESSION);
        if (compression == JPEG || compression == PNG) {
            throw new IOException(
                    "a BMP file that contains a JPEG or PNG picture is not supported; save the picture as PNG");
        }
        boolean known = switch (compression) {
            case 0 -> bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
            case RLE8 -> bits == 8;
            case RLE4 -> bits == 4;
            case BIT_FIELDS -> bits == 16 || bits == 32;
            default -> false;
        };
        if (!known) {
            throw new IOException("a BMP file of " + bits + " bits per pixel with compression " + compression
                    + " is not supported; save the picture as PNG");
        }
        if (compression == BIT_FIELDS) {
            checkMask("red", in.getInt(RED_MASK));
            checkMask("green", in.getInt(GREEN_MASK));
            checkMask("blue", in.getInt(BLUE_MASK));
            if (headerBytes > ALPHA_MASK - HEADER && in.getInt(ALPHA_MASK) != 0) {
                checkMask("alpha", in.getInt(ALPHA_MASK));
            }
        }
        long offset = Integer.toUnsignedLong(in.getInt(DATA_OFFSET));
        if (headerBytes < CORE_HEADER || offset < HEADER + headerBytes || offset > bytes.length) {
            throw new IOException("the header is damaged: the pixels start at byte " + offset + " of " + bytes.length);
        }
        dataOffset = (int) offset;
        dataBytes = bytes.length - offset;
        // A run has at most 255 pixels in 2 bytes. Rows are padded to 4 bytes; the padding of the last one may be
        // missing.
        leastDataBytes = compression == RLE8 || compression == RLE4
                ? width * height / 255 * 2
                : (width * bits + 31) / 32 * 4 * (height - 1) + (width * bits + 7) / 8;
        decoderBytes = (bits + 7L) / 8;
        if (compression == RLE8 || compression == RLE4) {
            copiedBytes = dataBytes;
        }

        in.putInt(FILE_BYTES, bytes.length);
        if (!core) {
            in.putInt(DATA_BYTES, 0);
            if (bits > 8) {
                in.putInt(COLORS, 0);
            }
        }
        if (headerBytes > COLOR_SPACE) {
            // Replaces references to a colour profile in this file or another.
            in.putInt(COLOR_SPACE, SRGB);
        }
        keep(0, bytes.length);
    }

    /** The JDK's decoder needs bits in a row, and memory in proportion to the number of values that these can have. */
    private void checkMask(String sample, int mask) throws IOException {
        int count = Integer.bitCount(mask);
        int shifted = mask == 0 ? 0 : mask >>> Integer.numberOfTrailingZeros(mask);
        boolean inARow = (shifted & shifted + 1) == 0;
        if (count == 0 || count > MAX_SAMPLE_BITS || !inARow || Integer.toUnsignedLong(mask) >> bits != 0) {
            throw new IOException(String.format(
                    Locale.ROOT,
                    "a BMP file with the bit mask %08x for %s is not supported: expected"
                            + " 1 to %d adjacent bits of %d; save the picture as PNG",
                    mask,
                    sample,
                    MAX_SAMPLE_BITS,
                    bits));
        }
    }

    @Override
    void check(int maxPixels) throws IOException {
        super.check(maxPixels);
        // At worst, each pixel has a run of its own or is skipped by an escape of 4 bytes.
        long mostBytes = MAX_RUN_BYTES * (width * height + height) + SLACK;
        if (copiedBytes > mostBytes) {
            throw new IOException("the file is damaged: the run lengths of " + width + " x " + height
                    + " pixels take at most " + mostBytes + " bytes, and it has " + copiedBytes + " bytes of them");
        }
    }

    @Override
    Image decode(ImageReader reader) throws IOException {
        if (copiedBytes > 0) {
            checkRuns();
        }
        return super.decode(reader);
    }

    /**
     * Follows the run lengths. The JDK's decoder would cut off a run that exceeds its row, and fill missing rows with
     * colour 0. Pixels that the file skips have this colour too.
     */
    private void checkRuns() throws IOException {
        long x = 0;
        long y = 0;
        int at = dataOffset;
        while (in.limit() - at >= 2) {
            int count = in.get(at) & 0xFF;
            int value = in.get(at + 1) & 0xFF;
            at += 2;
            if (count > 0) {
                x += count;
            } else if (value == END) {
                return;
            } else if (value == END_OF_ROW) {
                x = 0;
                y++;
            } else if (value != MOVE) {
                x += value;
                at += (value * bits + 15) / 16 * 2;
            } else if (in.limit() - at >= 2) {
                x += in.get(at) & 0xFF;
                y += in.get(at + 1) & 0xFF;
                at += 2;
            }
            if (x > width || x > 0 && y >= height) {
                throw new IOException("the file is damaged: the run lengths before byte " + at
                        + " exceed the picture of " + width + " x " + height + " pixels");
            }
        }
        if (y < height) {
            throw new IOException("the file is truncated: its run lengths end in row " + y + " of " + height);
        }
    }

    @Override
    String format() {
        return "bmp";
    }
}
