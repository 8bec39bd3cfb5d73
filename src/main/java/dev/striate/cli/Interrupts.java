package dev.striate.cli;

import dev.striate.train.StopSwitch;
import dev.striate.train.TrainingResult;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * Handles Ctrl-C, SIGTERM and SIGHUP while it is open. With {@link #askFor}, the first signal requests a stop through a
 * {@link StopSwitch}, so that the current step is finished and a checkpoint is written. The second signal ends the
 * program at once and keeps the previous checkpoint. With {@link #exitWith}, the first signal ends the program.
 *
 * <pre>{@code
 * try (Interrupts interrupts = Interrupts.askFor(stop)) {
 *     result = trainer.listener(writer).listener(stop).fit(train, test, epochs);
 * }
 * }</pre>
 *
 * <p>Shutdown hooks are not sufficient: they run concurrently, including those that delete directories to which the
 * training still writes, and a second Ctrl-C would wait for them.
 */
final class Interrupts implements AutoCloseable {

    /** The program's exit status after an interrupt. Shells report the same status for Ctrl-C. */
    static final int STATUS = 130;

    private static final List<String> SIGNALS = List.of("INT", "TERM", "HUP");

    private final Map<Signal, SignalHandler> before = new LinkedHashMap<>();

    private Interrupts() {}

    /** Turns the first signal into a request to stop. */
    static Interrupts askFor(StopSwitch stop) {
        return handleAll(count -> {
            switch (count) {
                case 1 -> ask(stop);
                case 2 -> System.exit(STATUS);
                default -> Runtime.getRuntime().halt(STATUS);
            }
        });
    }

    /** Ends the program at the first signal, with a message on the error stream, where there is no step to wait for. */
    static Interrupts exitWith(String message) {
        AtomicBoolean printed = new AtomicBoolean();
        return handleAll(count -> {
            if (count > 1) {
                Runtime.getRuntime().halt(STATUS);
            }
            if (printed.compareAndSet(false, true)) {
                System.err.println(System.lineSeparator() + message);
            }
            System.exit(STATUS);
        });
    }

    /** Calls an action with the number of signals of the same kind so far, starting from 1. */
    private static Interrupts handleAll(IntConsumer action) {
        Interrupts interrupts = new Interrupts();
        for (String signal : SIGNALS) {
            // Each kind of signal is counted separately, because service managers send SIGTERM and SIGHUP together.
            AtomicInteger count = new AtomicInteger();
            interrupts.handle(signal, received -> action.accept(count.incrementAndGet()));
        }
        return interrupts;
    }

    /**
     * Returns the message after an interrupt: {@code interrupted in epoch 4 after step 120 of 391; go on with:
     * ./striate cifar10 --resume=run/model.safetensors}.
     *
     * @param command the shell command that resumes the training
     */
    static String message(TrainingResult result, String command) {
        String reason = result.stop() == null ? "interrupted" : result.stop().reason();
        return reason
                + (result.seconds() == 0 ? "; there is no checkpoint to resume from" : "; go on with: " + command);
    }

    private static synchronized void ask(StopSwitch stop) {
        if (!stop.isRequested()) {
            stop.request();
            System.err.println(
                    System.lineSeparator() + "finishing the current step; press Ctrl-C again to stop at once");
        }
    }

    /**
     * Installs a handler, unless the signal is ignored (as under nohup), reserved by JVM options, or unknown to the
     * system.
     */
    private void handle(String name, SignalHandler handler) {
        try {
            Signal signal = new Signal(name);
            SignalHandler previous = Signal.handle(signal, handler);
            if (previous.equals(SignalHandler.SIG_IGN)) {
                Signal.handle(signal, previous);
            } else {
                before.put(signal, previous);
            }
        } catch (IllegalArgumentException e) {
            // The signal ends the program as usual, and the checkpoint of the last epoch is kept.
        }
    }

    /** Restores the previous handlers. */
    @Override
    public void close() {
        before.forEach(Signal::handle);
        before.clear();
    }
}
