package dev.striate.cli;

import java.io.Console;
import java.io.File;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** What the program's output goes to. */
final class Terminal {

    private static final int USUAL_COLUMNS = 80;
    private static final File CONTROLLING = new File("/dev/tty");

    private Terminal() {}

    /** Whether a person watches: input and output are both a terminal. */
    static boolean isInteractive() {
        Console console = System.console();
        if (console == null) {
            return false;
        }
        try {
            // From Java 22 on there is always a console, and it says itself whether it is a terminal.
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException e) {
            return true;
        }
    }

    /** The terminal's width now, or the usual 80 where there is no terminal or it does not tell. */
    static int columns() {
        if (!isInteractive()) {
            return USUAL_COLUMNS;
        }
        try {
            Process stty = new ProcessBuilder("stty", "size")
                    .redirectInput(CONTROLLING)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String answer = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
            boolean answered = stty.waitFor(1, TimeUnit.SECONDS) && answer.matches("\\d+ [1-9]\\d*");
            return answered ? Integer.parseInt(answer.substring(answer.indexOf(' ') + 1)) : USUAL_COLUMNS;
        } catch (IOException e) {
            return USUAL_COLUMNS;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return USUAL_COLUMNS;
        }
    }

    /** Whether standard output can show these characters. */
    static boolean canShow(String characters) {
        String name = System.getProperty("stdout.encoding", System.getProperty("sun.stdout.encoding"));
        Charset charset = name == null ? Charset.defaultCharset() : Charset.forName(name);
        return charset.newEncoder().canEncode(characters);
    }
}
