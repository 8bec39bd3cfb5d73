package dev.striate.data;

import dev.striate.Shape;
import dev.striate.StriateException;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.zip.GZIPInputStream;

/**
 * Handwritten digits of 8x8 pixels that are bundled with this library, for examples and tests without a download: 1,000
 * images for training and 200 for testing, 100 and 20 of each digit. Images are {@code (1, 8, 8)} with values from 0
 * (paper) to 1 (ink) in steps of 1/16.
 *
 * <p>They are a part of "Optical Recognition of Handwritten Digits" by E. Alpaydin and C. Kaynak (UCI Machine Learning
 * Repository, 1998, doi:10.24432/C50P49, CC BY 4.0). DIGITS.md beside the data describes the selection.
 */
public final class TinyDigits {

    private static final String RESOURCE = "tiny-digits.bin.gz";
    private static final int MAGIC = 0x54444947; // "TDIG"
    private static final int SIDE = 8;
    private static final float WHITE = 16;
    private static final List<String> NAMES = List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");

    private TinyDigits() {}

    /** Returns the 1,000 images for training. */
    public static Dataset train() {
        return Parts.TRAIN;
    }

    /** Returns the 200 images for testing, which are different from those for training. */
    public static Dataset test() {
        return Parts.TEST;
    }

    private static final class Parts {

        static final Dataset TRAIN;
        static final Dataset TEST;

        static {
            try (InputStream packed = TinyDigits.class.getResourceAsStream(RESOURCE)) {
                if (packed == null) {
                    throw new StriateException("TinyDigits: this build lacks its resource " + RESOURCE);
                }
                DataInputStream in = new DataInputStream(new GZIPInputStream(packed));
                int magic = in.readInt();
                if (magic != MAGIC) {
                    throw new StriateException("TinyDigits: " + RESOURCE + " starts with " + Integer.toHexString(magic)
                            + ", expected " + Integer.toHexString(MAGIC));
                }
                int train = in.readInt();
                int test = in.readInt();
                TRAIN = read(in, train);
                TEST = read(in, test);
            } catch (IOException e) {
                throw new StriateException("TinyDigits: " + RESOURCE + " cannot be read: " + e.getMessage(), e);
            }
        }

        private static Dataset read(DataInputStream in, int count) throws IOException {
            byte[] pixels = new byte[count * SIDE * SIDE];
            int[] labels = new int[count];
            in.readFully(pixels);
            for (int i = 0; i < count; i++) {
                labels[i] = in.readUnsignedByte();
            }
            return new ByteImages(pixels, labels, Shape.of(1, SIDE, SIDE), WHITE, NAMES);
        }
    }
}
