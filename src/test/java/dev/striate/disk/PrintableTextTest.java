package dev.striate.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class PrintableTextTest {

    @Test
    void whatATerminalWouldActOnIsEscaped() {
        assertEquals(
                "\\u001b[31m\\u0000\\u007f\\u009b\\u000a\\u000d\\u0009",
                PrintableText.of("\u001b[31m\0\u007f\u009b\n\r\t"));
        assertEquals(
                "\\u202ea\\u2066\\u2069\\u2028\\u2029\\ud800",
                PrintableText.of("\u202ea\u2066\u2069\u2028\u2029\ud800"));
    }

    @Test
    void otherTextStays() {
        String text = "Äpfel 漢字 \uD83D\uDE00 عربي \\u001b <b>";
        assertEquals(text, PrintableText.of(text));
        assertEquals("a\nb\\u000d", PrintableText.of("a\nb\r", "\n\t"));
    }

    @Test
    void anExcerptIsCutAndPrintable() {
        assertEquals("x".repeat(100), PrintableText.excerpt("x".repeat(100)));
        assertEquals("x".repeat(100) + "...", PrintableText.excerpt("x".repeat(1_000_000)));
        assertEquals(
                "x".repeat(99) + "\\ud83d...",
                PrintableText.excerpt("x".repeat(99) + "\uD83D\uDE00"),
                "a pair that the cut divides");
        assertEquals("a\\u001b", PrintableText.excerpt("a\u001b"));
    }
}
