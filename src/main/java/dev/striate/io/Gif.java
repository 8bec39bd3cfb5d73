package dev.striate.io;

import java.io.IOException;
import java.nio.ByteOrder;
import java.util.Arrays;
import javax.imageio.ImageReader;

/**
 * The first frame of a GIF file (version 89a), placed on its screen. Extensions of other kinds or frames are dropped.
 */
final class Gif extends EncodedImage {

    private static final int HEADER_BYTES = 6;
    private static final int EXTENSION = 0x21;
    private static final int GRAPHIC_CONTROL = 0xF9;
    private static final int FRAME = 0x2C;

    /**
     * The maximum number of pixels per byte: LZW codes have up to 12 bits, and the longest string in the table of 4096
     * codes has 4092 pixels.
     */
    private static final int LZW_RATIO = 4092 * 8 / 12;

    /** The number of codes in a full table, each of at most 12 bits. */
    private static final int MAX_ENTRIES = 4096;

    private static final int MAX_CODE_BITS = 12;

    private final int left;
    private final int top;
    private final long framePixels;

    /** The position of the LZW codes among the kept bytes. The number of bits of a pixel precedes them. */
    private final int codes;

    Gif(byte[] bytes) throws IOException {
        super(bytes);
        in.order(ByteOrder.LITTLE_ENDIAN);
        skip(HEADER_BYTES);
        int screenWidth = unsignedShort();
        int screenHeight = unsignedShort();
        int flags = in.get();
        skip(2);
        skipPalette(flags);
        keep(0, in.position());

        int start = in.position();
        int block = in.get();
        while (block == EXTENSION) {
            boolean kept = (in.get() & 0xFF) == GRAPHIC_CONTROL;
            skipSubBlocks();
            if (kept) {
                keep(start, in.position());
            }
            start = in.position();
            block = in.get();
        }
        if (block != FRAME) {
            throw new IOException("the file has no frame");
        }
        left = unsignedShort();
        top = unsignedShort();
        int frameWidth = unsignedShort();
        int frameHeight = unsignedShort();
        if (frameWidth == 0 || frameHeight == 0) {
            throw new IOException(
                    "the file is damaged: the first frame has " + frameWidth + " x " + frameHeight + " pixels");
        }
        skipPalette(in.get());
        skip(1);
        codes = kept + in.position() - start;
        dataBytes = skipSubBlocks();
        keep(start, in.position());
        // If the frame exceeds the screen, the screen grows, as in browsers.
        width = Math.max(screenWidth, left + frameWidth);
        height = Math.max(screenHeight, top + frameHeight);
        // One byte per pixel for the decoder, three for the frame.
        decoderBytes = 4;
        // For a small frame on a large screen, the size of the whole file is the limit.
        framePixels = (long) frameWidth * frameHeight;
        leastDataBytes = Math.max(framePixels / LZW_RATIO, dataBytes + width * height / LZW_RATIO - bytes.length);
    }

    private int unsignedShort() {
        return in.getShort() & 0xFFFF;
    }

    private void skipPalette(int flags) throws IOException {
        skip((flags & 0x80) == 0 ? 0 : 3 << (flags & 7) + 1);
    }

    /** Skips the sub-blocks up to the empty one, and returns the number of their data bytes. */
    private long skipSubBlocks() throws IOException {
        long data = 0;
        int length = in.get() & 0xFF;
        while (length > 0) {
            data += length;
            skip(length);
            length = in.get() & 0xFF;
        }
        return data;
    }

    @Override
    String format() {
        return "gif";
    }

    /**
     * Counts the pixels of the LZW codes. The JDK's decoder would fill the rest of a short frame with colour 0.
     *
     * @throws IOException if there are too few pixels or a code is not in the table
     */
    private void checkCodes() throws IOException {
        int pixelBits = in.get(codes - 1) & 0xFF;
        if (pixelBits < 1 || pixelBits > 8) {
            throw new IOException("the file is damaged: it has " + pixelBits + " bits per pixel");
        }
        int clear = 1 << pixelBits;
        int[] lengths = new int[MAX_ENTRIES];
        Arrays.fill(lengths, 0, clear, 1);
        int entries = clear + 2;
        int codeBits = pixelBits + 1;
        int lastLength = 0;
        long pixels = 0;
        int position = codes;
        int blockEnd = codes;
        int bits = 0;
        int bitCount = 0;
        while (pixels < framePixels) {
            while (bitCount < codeBits) {
                if (position == blockEnd) {
                    blockEnd += 1 + (in.get(position++) & 0xFF);
                }
                if (position == blockEnd) {
                    throw shortFrame(pixels);
                }
                bits |= (in.get(position++) & 0xFF) << bitCount;
                bitCount += 8;
            }
            int code = bits & (1 << codeBits) - 1;
            bits >>>= codeBits;
            bitCount -= codeBits;
            if (code == clear) {
                entries = clear + 2;
                codeBits = pixelBits + 1;
                lastLength = 0;
                continue;
            }
            if (code == clear + 1) {
                throw shortFrame(pixels);
            }
            if (lastLength > 0 && entries < MAX_ENTRIES) {
                lengths[entries++] = lastLength + 1;
                if (entries == 1 << codeBits && codeBits < MAX_CODE_BITS) {
                    codeBits++;
                }
            }
            if (code >= entries) {
                throw new IOException("the file is damaged: code " + code + " of the first frame is not defined");
            }
            lastLength = lengths[code];
            pixels += lastLength;
        }
    }

    private IOException shortFrame(long pixels) {
        return new IOException(
                "the file is truncated or damaged: the first frame has " + pixels + " of " + framePixels + " pixels");
    }

    @Override
    Image decode(ImageReader reader) throws IOException {
        checkCodes();
        return super.decode(reader).onWhite(top, left, (int) height, (int) width);
    }
}
