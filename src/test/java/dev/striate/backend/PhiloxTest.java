package dev.striate.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Known answers of philox4x32-10 from the Random123 distribution ({@code kat_vectors}). */
class PhiloxTest {

    @ParameterizedTest
    @CsvSource({
        "00000000 00000000 00000000 00000000, 00000000 00000000, 6627e8d5 e169c58d bc57ac4c 9b00dbd8",
        "ffffffff ffffffff ffffffff ffffffff, ffffffff ffffffff, 408f276d 41c83b0e a20bc7c6 6d5451fd",
        "243f6a88 85a308d3 13198a2e 03707344, a4093822 299f31d0, d16cfe09 94fdcceb 5001e420 24126ea1",
    })
    void knownAnswers(String counter, String key, String expected) {
        int[] c = words(counter);
        int[] k = words(key);
        int[] lanes = new int[4];
        Philox.block(join(k[0], k[1]), join(c[2], c[3]), join(c[0], c[1]), lanes);
        assertArrayEquals(words(expected), lanes);
    }

    @Test
    void unitFloatsStayBelowOne() {
        assertEquals(0f, Philox.toUnitFloat(0xFF));
        assertEquals(1 - 0x1p-24f, Philox.toUnitFloat(-1));
        assertEquals(0.5f, Philox.toUnitFloat(0x80000000));
    }

    private static long join(int low, int high) {
        return Integer.toUnsignedLong(low) | (long) high << 32;
    }

    private static int[] words(String hex) {
        String[] parts = hex.split(" ", -1);
        int[] words = new int[parts.length];
        for (int i = 0; i < words.length; i++) {
            words[i] = Integer.parseUnsignedInt(parts[i], 16);
        }
        return words;
    }
}
