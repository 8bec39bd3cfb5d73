package dev.striate.disk;

import java.util.regex.Pattern;

/** Text from files and servers, made safe to show in a message. */
public final class Excerpt {

    private static final int MOST_CHARACTERS = 100;

    /** Control and formatting characters, lone surrogates, and the separators of lines. */
    private static final Pattern UNPRINTABLE = Pattern.compile("[\\p{C}\\p{Zl}\\p{Zp}]");

    private Excerpt() {}

    /** Returns the first 100 characters, with U+FFFD in place of those that a terminal would not print. */
    public static String of(String text) {
        String start = text.length() <= MOST_CHARACTERS ? text : text.substring(0, MOST_CHARACTERS) + "...";
        return UNPRINTABLE.matcher(start).replaceAll("\uFFFD");
    }
}
