package dev.striate.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.Shape;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

class TinyDigitsTest {

    @Test
    void hasAsManyOfEachDigit() {
        assertArrayEquals(repeat(100), counts(TinyDigits.train()));
        assertArrayEquals(repeat(20), counts(TinyDigits.test()));
        assertEquals(1000, TinyDigits.train().size());
        assertEquals(200, TinyDigits.test().size());
        assertEquals(Shape.of(1, 8, 8), TinyDigits.train().imageShape());
        assertEquals(10, TinyDigits.test().classes());
        assertEquals("7", TinyDigits.test().classNames().get(7));
    }

    @Test
    void pixelsAreSixteenthsFromPaperToInk() {
        float least = 1;
        float greatest = 0;
        float[] image = new float[64];
        for (Dataset part : new Dataset[] {TinyDigits.train(), TinyDigits.test()}) {
            for (int i = 0; i < part.size(); i++) {
                part.read(i, image, 0);
                for (float pixel : image) {
                    assertEquals(Math.rint(pixel * 16), pixel * 16, "image " + i);
                    least = Math.min(least, pixel);
                    greatest = Math.max(greatest, pixel);
                }
            }
        }
        assertEquals(0, least);
        assertEquals(1, greatest);
    }

    @Test
    void startsWithTheFirstRowOfTheSource() {
        float[] image = new float[66];
        TinyDigits.train().read(0, image, 1);
        float[] top = Arrays.copyOfRange(image, 1, 17);
        for (int i = 0; i < top.length; i++) {
            top[i] *= 16;
        }
        assertArrayEquals(new float[] {0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0}, top);
        assertEquals(0, image[0]);
        assertEquals(0, image[65]);
        assertEquals(0, TinyDigits.train().label(0));
    }

    @Test
    void noImageOccursTwice() {
        Set<String> seen = new HashSet<>();
        for (Dataset part : new Dataset[] {TinyDigits.train(), TinyDigits.test()}) {
            float[] image = new float[64];
            for (int i = 0; i < part.size(); i++) {
                part.read(i, image, 0);
                assertTrue(seen.add(Arrays.toString(image)), "image " + i + " occurred before");
            }
        }
    }

    /** The sums that DIGITS.md states. */
    @Test
    void resourceIsTheOneThatWasCut() throws Exception {
        byte[] packed;
        try (InputStream in = TinyDigits.class.getResourceAsStream("tiny-digits.bin.gz")) {
            packed = in.readAllBytes();
        }
        assertEquals("902ac5a29260cf34d7ba904b8496ec45d76ff58e33bde85f21cc9459cfe79d25", sha256(packed));
        try (InputStream in = new GZIPInputStream(TinyDigits.class.getResourceAsStream("tiny-digits.bin.gz"))) {
            assertEquals("0c921281d29e2591cee709098d30aaf1b78df2abafb4013ede2564be55be88fb", sha256(in.readAllBytes()));
        }
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    private static int[] counts(Dataset part) {
        int[] counts = new int[10];
        for (int i = 0; i < part.size(); i++) {
            counts[part.label(i)]++;
        }
        return counts;
    }

    private static int[] repeat(int count) {
        int[] counts = new int[10];
        Arrays.fill(counts, count);
        return counts;
    }
}
