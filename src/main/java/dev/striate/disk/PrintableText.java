package dev.striate.disk;

/**
 * Makes untrusted text (file names, class names, content of files, responses of servers) safe for terminals, logs and
 * HTML pages: control characters are escaped, such as {@code \}{@code u001b}.
 */
public final class PrintableText {

    private static final int EXCERPT = 100;

    private PrintableText() {}

    /** Returns the text on one line, with control characters escaped. */
    public static String of(String text) {
        return of(text, "");
    }

    /** Returns the first 100 characters on one line, for messages: texts in files may be arbitrarily long. */
    public static String excerpt(String text) {
        return of(text.length() <= EXCERPT ? text : text.substring(0, EXCERPT) + "...");
    }

    /** Returns the text with control characters escaped, except those in {@code kept}, such as {@code "\n\t"}. */
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
     * Returns whether a code point may be printed. Control characters, line and paragraph separators, bidirectional
     * embeddings, overrides and isolates, and unpaired surrogates may not.
     */
    public static boolean isPrintable(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SURROGATE ->
                false;
            default -> !(c >= 0x202A && c <= 0x202E || c >= 0x2066 && c <= 0x2069);
        };
    }
}
