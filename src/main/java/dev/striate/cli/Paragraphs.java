package dev.striate.cli;

import java.io.PrintStream;
import java.util.function.Consumer;

/** Prints text wrapped to a width, with a hanging indent. */
final class Paragraphs {

    private static final int LEAST_TEXT_COLUMNS = 20;

    private final Consumer<String> out;
    private final int columns;

    Paragraphs(PrintStream out, int columns) {
        this(out::println, columns);
    }

    /** @param out receives the lines */
    Paragraphs(Consumer<String> out, int columns) {
        this.out = out;
        this.columns = columns;
    }

    /** @param start the start of the first line; the others are indented by its length */
    void print(String start, String text) {
        String indent = " ".repeat(start.length());
        // Some terminals wrap when the last column is written.
        int room = Math.max(LEAST_TEXT_COLUMNS, columns - 1 - start.length());
        StringBuilder line = new StringBuilder(start);
        int used = 0;
        for (String word : text.strip().split("\\s+", -1)) {
            if (used > 0 && used + 1 + word.length() > room) {
                out.accept(line.toString());
                line = new StringBuilder(indent);
                used = 0;
            }
            line.append(used > 0 ? " " : "").append(word);
            used += (used > 0 ? 1 : 0) + word.length();
        }
        out.accept(line.toString());
    }
}
