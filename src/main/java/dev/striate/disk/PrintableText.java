package dev.striate.disk;

/**
 * Text from outside (file names, class names, whatever a file or a server says) made safe to show on a terminal, in a log or on a
 * page: characters that would control it rather than be shown are written as {@code \}{@code u001b}.
 */
public final class PrintableText {

    private static final int EXCERPT = 100;

    private PrintableText() {}

    /** The text on one line. */
    public static String of(String text) {
        return of(text, "");
    }

    /** The first 100 characters on one line, for messages: a file may hold texts of any length. */
    public static String excerpt(String text) {
        return of(text.length() <= EXCERPT ? text : text.substring(0, EXCERPT) + "...");
    }

    /** The text, with the characters in {@code kept} unchanged, such as {@code "\n\t"}. */
    public static String of(String text, String kept) {
        StringBuilder printable = new StringBuilder();
        text.codePoints().forEach(c -> {
            if (isPrintable(c) || kept.indexOf(c) >= 0) {
                printable.appendCodePoint(c);
            } else {
                printable.append(String.format("\\u%04x", c));
            }
        });
        return printable.toString();
    }

    /**
     * Whether a code point is none of the control characters, line and paragraph separators, bidirectional embeddings, overrides
     * and isolates, and unpaired surrogates.
     */
    public static boolean isPrintable(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SURROGATE -> false;
            default -> !(c >= 0x202A && c <= 0x202E || c >= 0x2066 && c <= 0x2069);
        };
    }
}
