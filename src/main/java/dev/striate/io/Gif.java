package dev.striate.io;

import java.io.IOException;
import java.nio.ByteOrder;
import javax.imageio.ImageReader;

/** The first frame of a GIF file (version 89a), placed on its screen. Extensions of other kinds or frames are dropped. */
final class Gif extends EncodedImage {

    private static final int HEADER_BYTES = 6;
    private static final int EXTENSION = 0x21;
    private static final int GRAPHIC_CONTROL = 0xF9;
    private static final int FRAME = 0x2C;

    /**
     * The maximum number of pixels per byte: LZW codes have up to 12 bits, and the longest string in the table of 4096 codes has
     * 4092 pixels.
     */
    private static final int LZW_RATIO = 4092 * 8 / 12;

    private final int left;
    private final int top;

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
            throw new IOException("the file is damaged: the first frame has " + frameWidth + " x " + frameHeight + " pixels");
        }
        skipPalette(in.get());
        skip(1);
        dataBytes = skipSubBlocks();
        keep(start, in.position());
        // If the frame exceeds the screen, the screen grows, as in browsers.
        width = Math.max(screenWidth, left + frameWidth);
        height = Math.max(screenHeight, top + frameHeight);
        // One byte per pixel for the decoder, three for the frame.
        decoderBytes = 4;
        // For a small frame on a large screen, the size of the whole file is the limit.
        long framePixels = (long) frameWidth * frameHeight;
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

    @Override
    Image decode(ImageReader reader) throws IOException {
        return super.decode(reader).onWhite(top, left, (int) height, (int) width);
    }
}
