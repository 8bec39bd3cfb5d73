package dev.striate.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ExcerptTest {

    @Test
    void printableTextStays() {
        assertEquals("conv1.weight", Excerpt.of("conv1.weight"));
        assertEquals("Flußpferd 中 😀", Excerpt.of("Flußpferd 中 😀"));
        assertEquals("", Excerpt.of(""));
    }

    /** Escape, C1 controls, right-to-left override, line and paragraph separators, newline, a lone surrogate. */
    @Test
    void whatControlsATerminalIsReplaced() {
        assertEquals("�[31m�������x", Excerpt.of("\u001b[31m\u009b\u202e\u2028\u2029\r\n\ud800x"));
    }

    @Test
    void longTextIsCut() {
        assertEquals("x".repeat(100), Excerpt.of("x".repeat(100)));
        assertEquals("x".repeat(100) + "...", Excerpt.of("x".repeat(1_000_000)));
        assertEquals("x".repeat(99) + "�...", Excerpt.of("x".repeat(99) + "😀"), "a pair that the cut divides");
    }
}
