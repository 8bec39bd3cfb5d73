package dev.striate.io;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Reads the camera's orientation: tag 0x0112 of Exif data, which have the format of a TIFF directory. */
final class ExifOrientation {

    static final int UPRIGHT = 1;

    /** From here on, rows and columns are exchanged. */
    private static final int FIRST_TRANSPOSED = 5;

    private static final short LITTLE_ENDIAN = 0x4949;
    private static final int ORIENTATION = 0x0112;
    private static final int LONG = 4;
    private static final int ENTRY_BYTES = 12;

    private ExifOrientation() {}

    /** Returns 1 to 8 as in the standard; 1 (upright) if the tag is missing or the data are damaged. */
    static int of(ByteBuffer tiff) {
        try {
            tiff.order(tiff.getShort(0) == LITTLE_ENDIAN ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
            int directory = tiff.getInt(4);
            int entries = tiff.getShort(directory) & 0xFFFF;
            for (int i = 0; i < entries; i++) {
                int entry = directory + 2 + i * ENTRY_BYTES;
                if ((tiff.getShort(entry) & 0xFFFF) == ORIENTATION) {
                    int orientation =
                            tiff.getShort(entry + 2) == LONG ? tiff.getInt(entry + 8) : tiff.getShort(entry + 8);
                    return orientation >= 1 && orientation <= 8 ? orientation : UPRIGHT;
                }
            }
        } catch (IndexOutOfBoundsException e) {
            // Damaged metadata do not make the picture invalid.
        }
        return UPRIGHT;
    }

    /** Returns whether a picture is stored with rows and columns exchanged. */
    static boolean isTransposed(int orientation) {
        return orientation >= FIRST_TRANSPOSED;
    }
}
