package dev.striate.cli;

import java.io.Console;
import java.io.File;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** The terminal that the program writes to. */
final class Terminal {

    private static final int USUAL_COLUMNS = 80;
    private static final File CONTROLLING = new File("/dev/tty");

    private Terminal() {}

    /** Returns whether standard input and standard output are both a terminal. */
    @SuppressWarnings("SystemConsoleNull") // Asks isTerminal() too, where Java has it.
    static boolean isInteractive() {
        Console console = System.console();
        if (console == null) {
            return false;
        }
        try {
            // Since Java 22 there is always a console, and isTerminal() reports whether it is a terminal.
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException e) {
            return true;
        }
    }

    /** Returns the terminal's current width, or 80 if there is no terminal or its width is unknown. */
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

    /** Returns whether standard output can show these characters. */
    static boolean canShow(String characters) {
        return charset("stdout").newEncoder().canEncode(characters);
    }

    /**
     * Returns the character set of a standard stream.
     *
     * @param stream {@code stdout} or {@code stderr}
     */
    static Charset charset(String stream) {
        String name = System.getProperty(stream + ".encoding", System.getProperty("sun." + stream + ".encoding"));
        return name == null ? Charset.defaultCharset() : Charset.forName(name);
    }
}
