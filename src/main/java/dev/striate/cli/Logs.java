package dev.striate.cli;

import dev.striate.disk.PrintableText;
import java.util.logging.ConsoleHandler;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** The log of a command: each record as plain text on the error stream. */
final class Logs {

    /** Kept, because the log manager holds loggers, and with them their levels, only weakly. */
    private static final Logger STRIATE = Logger.getLogger("dev.striate");

    private Logs() {}

    static void install(boolean verbose) {
        Logger root = Logger.getLogger("");
        for (Handler handler : root.getHandlers()) {
            root.removeHandler(handler);
        }
        Handler handler = new ConsoleHandler();
        handler.setLevel(Level.ALL);
        handler.setFormatter(new Line());
        root.addHandler(handler);
        STRIATE.setLevel(verbose ? Level.ALL : Level.INFO);
    }

    /**
     * Returns a message as it is printed: control characters are escaped, and all lines but the first are indented, so
     * that no part of it looks like a separate message.
     */
    static String message(String text) {
        return PrintableText.of(text, "\n\t").replace("\n", "\n    ");
    }

    private static final class Line extends Formatter {

        @Override
        public String format(LogRecord entry) {
            boolean warning = entry.getLevel().intValue() >= Level.WARNING.intValue();
            return (warning ? "warning: " : "") + message(formatMessage(entry)) + System.lineSeparator();
        }
    }
}
