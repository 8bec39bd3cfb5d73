package dev.striate.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.striate.fuzz.FuzzTarget;
import java.nio.charset.StandardCharsets;

/** Text from outside, on its way to a terminal. */
public final class PrintableTextFuzz implements FuzzTarget {

    @Override
    public void run(byte[] input) {
        // UTF-16 has unpaired surrogates, too.
        for (String text :
                new String[] {new String(input, StandardCharsets.UTF_8), new String(input, StandardCharsets.UTF_16LE)
                }) {
            String printable = PrintableText.of(text);
            assertTrue(printable.codePoints().allMatch(PrintableText::isPrintable), printable);
            assertEquals(printable, PrintableText.of(printable));
            String excerpt = PrintableText.excerpt(text);
            assertTrue(excerpt.codePoints().allMatch(PrintableText::isPrintable), excerpt);
            // An escape has six characters.
            assertTrue(excerpt.length() <= 6 * 100 + 3, excerpt);
        }
    }
}
