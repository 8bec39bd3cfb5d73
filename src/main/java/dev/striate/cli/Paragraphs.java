package dev.striate.cli;

import java.io.PrintStream;

/** Text in lines that fit the terminal: what does not fit on the first goes on below where it began. */
final class Paragraphs {

    private static final int LEAST_TEXT_COLUMNS = 20;

    private final PrintStream out;
    private final int columns;

    Paragraphs(PrintStream out, int columns) {
        this.out = out;
        this.columns = columns;
    }

    /** @param start what stands before the first line, and blank before the others */
    void print(String start, String text) {
        String indent = " ".repeat(start.length());
        // The last column stays free: some terminals wrap when it is written to.
        int room = Math.max(LEAST_TEXT_COLUMNS, columns - 1 - start.length());
        StringBuilder line = new StringBuilder(start);
        int used = 0;
        for (String word : text.strip().split("\\s+")) {
            if (used > 0 && used + 1 + word.length() > room) {
                out.println(line);
                line = new StringBuilder(indent);
                used = 0;
            }
            line.append(used > 0 ? " " : "").append(word);
            used += (used > 0 ? 1 : 0) + word.length();
        }
        out.println(line);
    }
}
