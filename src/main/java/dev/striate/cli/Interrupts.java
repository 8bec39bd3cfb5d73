package dev.striate.cli;

import dev.striate.train.StopSwitch;
import dev.striate.train.TrainingResult;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * What Ctrl-C, and a request to terminate, do for as long as this is open: the first asks a {@link StopSwitch} for the end, so
 * that the step under way is finished and a checkpoint can be written; the second ends the program at once, and the checkpoint
 * before stays.
 *
 * <pre>{@code
 * try (Interrupts interrupts = Interrupts.askFor(stop)) {
 *     result = trainer.listener(writer).listener(stop).fit(train, test, epochs);
 * }
 * }</pre>
 *
 * <p>Signals are caught rather than shutdown hooks used: those would all run at once and clear away what the training still
 * writes to, and a second Ctrl-C would wait for them.
 */
final class Interrupts implements AutoCloseable {

    /** The program's exit status after an interrupt, as shells have it for one from the keyboard. */
    static final int STATUS = 130;

    private static final Signal[] SIGNALS = {new Signal("INT"), new Signal("TERM")};

    private final Map<Signal, SignalHandler> before = new LinkedHashMap<>();

    private Interrupts() {}

    /** Turns the first signal into a request. */
    static Interrupts askFor(StopSwitch stop) {
        Interrupts interrupts = new Interrupts();
        for (Signal signal : SIGNALS) {
            // Each counts for itself: a Ctrl-C comes from the terminal and, as a request to terminate, from the JVM that started
            // this one.
            AtomicInteger count = new AtomicInteger();
            interrupts.handle(signal, received -> {
                switch (count.incrementAndGet()) {
                    case 1 -> ask(stop);
                    case 2 -> System.exit(STATUS);
                    default -> Runtime.getRuntime().halt(STATUS);
                }
            });
        }
        return interrupts;
    }

    /**
     * What to say after an interrupt:
     * {@code interrupted in epoch 4 after step 120 of 391; go on with: striate cifar10 --resume last.safetensors}.
     *
     * @param command how the program is called to go on, up to the checkpoint's name
     */
    static String lastWords(TrainingResult result, String command, Path checkpoint) {
        String reason = result.stop() == null ? "interrupted" : result.stop().reason();
        if (result.seconds() == 0) {
            return reason + "; there is nothing to go on from";
        }
        String name = checkpoint.toString();
        return reason + "; go on with: " + command + " " + (name.matches("[\\w./+@%=:,\\\\-]+") ? name : "\"" + name + "\"");
    }

    private static synchronized void ask(StopSwitch stop) {
        if (!stop.isRequested()) {
            stop.request();
            System.err.println(System.lineSeparator() + "finishing the current step; Ctrl-C again ends at once");
        }
    }

    /**
     * Passes signals on to a child, as a request to terminate; the third makes an end of it. Where such a request cannot be made,
     * on Windows, the terminal has told the child, too.
     */
    static Interrupts passTo(Process child) {
        Interrupts interrupts = new Interrupts();
        AtomicInteger count = new AtomicInteger();
        for (Signal signal : SIGNALS) {
            interrupts.handle(signal, received -> {
                if (count.incrementAndGet() > 2) {
                    child.destroyForcibly();
                } else if (child.supportsNormalTermination()) {
                    // Not the process's own method, which closes its streams, too.
                    child.toHandle().destroy();
                }
            });
        }
        return interrupts;
    }

    /** Lets a handler have a signal, unless that is ignored, as under nohup, or the JVM was told to leave it alone. */
    private void handle(Signal signal, SignalHandler handler) {
        try {
            SignalHandler previous = Signal.handle(signal, handler);
            if (previous.equals(SignalHandler.SIG_IGN)) {
                Signal.handle(signal, previous);
            } else {
                before.put(signal, previous);
            }
        } catch (IllegalArgumentException e) {
            // It ends the program as ever; the last epoch's checkpoint is there.
        }
    }

    /** Gives the signals back. */
    @Override
    public void close() {
        before.forEach(Signal::handle);
        before.clear();
    }
}
