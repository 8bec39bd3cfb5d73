package dev.striate.io;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** How the camera was held, from the Exif data of a JPEG file (tag 0x0112 of the TIFF directory in segment APP1). */
final class ExifOrientation {

    private static final int UPRIGHT = 1;
    private static final int START_OF_IMAGE = 0xFFD8;
    private static final int APP1 = 0xFFE1;
    private static final int START_OF_SCAN = 0xFFDA;
    private static final int ORIENTATION = 0x0112;
    private static final int DIRECTORY_ENTRY_BYTES = 12;
    private static final byte[] EXIF = "Exif\0\0".getBytes(StandardCharsets.US_ASCII);

    private ExifOrientation() {}

    /** 1 .. 8 as in the standard; 1, upright, where the file does not say or says it in a broken way. */
    static int read(Path jpeg) throws IOException {
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(jpeg)))) {
            if (in.readUnsignedShort() != START_OF_IMAGE) {
                return UPRIGHT;
            }
            for (int marker = in.readUnsignedShort(); marker >>> 8 == 0xFF && marker != START_OF_SCAN;
                    marker = in.readUnsignedShort()) {
                byte[] segment = in.readNBytes(Math.max(0, in.readUnsignedShort() - 2));
                if (marker == APP1 && ByteBuffer.wrap(segment).mismatch(ByteBuffer.wrap(EXIF)) == EXIF.length) {
                    return ofTiff(ByteBuffer.wrap(segment, EXIF.length, segment.length - EXIF.length).slice());
                }
            }
        } catch (EOFException | IndexOutOfBoundsException e) {
            // Exif is a courtesy; the picture itself was decoded.
        }
        return UPRIGHT;
    }

    private static int ofTiff(ByteBuffer tiff) {
        tiff.order(tiff.getShort(0) == 0x4949 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        int directory = tiff.getInt(4);
        int entries = tiff.getShort(directory) & 0xFFFF;
        for (int i = 0; i < entries; i++) {
            int entry = directory + 2 + i * DIRECTORY_ENTRY_BYTES;
            if ((tiff.getShort(entry) & 0xFFFF) == ORIENTATION) {
                int orientation = tiff.getShort(entry + 8);
                return orientation >= 1 && orientation <= 8 ? orientation : UPRIGHT;
            }
        }
        return UPRIGHT;
    }
}
