package dev.striate.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;

/**
 * The chunks of a PNG file (RFC 2083). The decoder gets the critical chunks and the transparent colours; other chunks
 * are dropped.
 */
final class Png extends EncodedImage {

    private static final int SIGNATURE_BYTES = 8;
    private static final int IHDR = 0x49484452;
    private static final int PLTE = 0x504C5445;
    private static final int TRNS = 0x74524E53;
    private static final int IDAT = 0x49444154;
    private static final int IEND = 0x49454E44;
    private static final int EXIF = 0x65584966;

    private static final int GREY = 0;
    private static final int PALETTE = 3;

    private static final int WORK_PER_BYTE = 6;

    /** Deflate encodes at most 258 bytes in 2 bits. */
    private static final int DEFLATE_RATIO = 1032;

    /**
     * The first column, the first row, and the steps between columns and rows of each pass of an interlaced picture.
     */
    private static final int[][] PASSES = {
        {0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}
    };

    private static final int[][] ONE_PASS = {{0, 0, 1, 1}};

    /** The position of the chunk of data among the kept bytes if it was kept last, else -1. */
    private int dataChunk = -1;

    Png(byte[] bytes) throws IOException {
        super(bytes);
        skip(SIGNATURE_BYTES);
        if (in.getInt() != 13 || in.getInt() != IHDR) {
            throw new IOException("the header is damaged");
        }
        width = in.getInt();
        height = in.getInt();
        int depth = in.get();
        int colorType = in.get();
        skip(2);
        boolean interlaced = in.get() != 0;
        checkSum(SIGNATURE_BYTES + Integer.BYTES);
        keep(0, in.position());

        int channels = switch (colorType) {
            case GREY, PALETTE -> 1;
            case 2 -> 3;
            case 4 -> 2;
            case 6 -> 4;
            default -> throw new IOException("the header is damaged: there is no colour type " + colorType);
        };
        boolean transparentColor = false;
        while (in.remaining() >= 2 * Integer.BYTES) {
            int start = in.position();
            int length = in.getInt();
            int type = in.getInt();
            int data = in.position();
            // The file may end after the bytes that the decoder needs.
            skip(length < 0 ? length : Math.min(length, in.remaining()));
            ByteBuffer content = in.slice(data, in.position() - data);
            if (in.remaining() >= Integer.BYTES) {
                checkSum(start + Integer.BYTES);
            } else {
                skip(in.remaining());
            }
            switch (type) {
                case IDAT -> dataBytes += content.limit();
                case TRNS -> transparentColor = colorType != PALETTE;
                case EXIF -> orientation = ExifOrientation.of(content);
                default -> {}
            }
            if (type == TRNS && colorType == GREY && depth < 8 && length == Short.BYTES) {
                // The JDK's decoder compares the key with samples that it has scaled to 8 bits. It does not read the
                // checksum.
                int most = (1 << depth) - 1;
                in.putShort(data, (short) ((content.getShort(0) & most) * 255 / most));
            }
            if (type == IDAT) {
                keepData(start, data, content.limit());
            } else if (type == IEND || type == TRNS && channels % 2 == 1 || type == PLTE && colorType == PALETTE) {
                keep(start, in.position());
                dataChunk = -1;
            }
            if (type == IEND) {
                break;
            }
        }
        decoderBytes = (channels + (transparentColor ? 1 : 0)) * (depth == 16 ? 2L : 1L);
        work = WORK_PER_BYTE * decoderBytes * width * height;
        leastDataBytes = inflatedBytes(channels * depth, interlaced ? PASSES : ONE_PASS) / DEFLATE_RATIO;
    }

    /**
     * Keeps the data of a chunk. Data of consecutive chunks become one chunk, because the JDK's decoder needs time and
     * memory for each. Its checksum is that of the last, which the decoder skips.
     */
    private void keepData(int start, int data, int length) {
        if (length == 0) {
            return;
        }
        if (dataChunk < 0) {
            dataChunk = kept;
            keep(start, in.position());
        } else {
            kept -= Integer.BYTES;
            keep(data, in.position());
            in.putInt(dataChunk, in.getInt(dataChunk) + length);
        }
    }

    /**
     * Compares the checksum at the current position with the type and the content of the chunk before it; the JDK's
     * decoder skips them, and would decode damaged pixels.
     */
    private void checkSum(int from) throws IOException {
        CRC32 sum = new CRC32();
        sum.update(in.slice(from, in.position() - from));
        if (in.getInt() != (int) sum.getValue()) {
            throw new IOException("the file is damaged: a checksum is wrong before byte " + in.position());
        }
    }

    /** Returns the number of uncompressed bytes: for each row of each pass, one byte for the filter, and the pixels. */
    private long inflatedBytes(int bitsPerPixel, int[][] passes) {
        long bytes = 0;
        for (int[] pass : passes) {
            long columns = (width - pass[0] + pass[2] - 1) / pass[2];
            long rows = (height - pass[1] + pass[3] - 1) / pass[3];
            if (columns > 0 && rows > 0) {
                bytes += rows * (1 + (columns * bitsPerPixel + 7) / 8);
            }
        }
        return bytes;
    }

    @Override
    String format() {
        return "png";
    }
}
