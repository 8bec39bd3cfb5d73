package dev.striate.cli;

import java.util.logging.ConsoleHandler;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** The log of a command: one plain line each on the error stream. */
final class Logs {

    /** Held here because the log manager itself holds loggers weakly, and with them their level. */
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

    private static final class Line extends Formatter {

        @Override
        public String format(LogRecord entry) {
            boolean warning = entry.getLevel().intValue() >= Level.WARNING.intValue();
            return (warning ? "warning: " : "") + formatMessage(entry) + System.lineSeparator();
        }
    }
}
