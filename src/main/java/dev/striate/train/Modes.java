package dev.striate.train;

import dev.striate.nn.Module;
import java.util.IdentityHashMap;
import java.util.Objects;

/**
 * A snapshot of the modes (training or evaluation) of a model's parts, which can be restored later. {@link
 * Module#train} and {@link Module#eval} switch all parts, including those that were set individually, such as a batch
 * normalisation that keeps its running statistics.
 *
 * <pre>{@code
 * try (Modes before = Modes.of(model)) {
 *     model.eval();
 *     ...
 * }
 * }</pre>
 */
public final class Modes implements AutoCloseable {

    private final Module model;
    private final IdentityHashMap<Module, Boolean> training = new IdentityHashMap<>();
    private boolean closed;

    private Modes(Module model) {
        this.model = model;
        note(model);
    }

    /** Returns a snapshot of the current modes. */
    public static Modes of(Module model) {
        return new Modes(model);
    }

    private void note(Module module) {
        training.put(module, module.isTraining());
        module.children().values().forEach(this::note);
    }

    /** Restores the modes of all parts. */
    public void restore() {
        restore(model);
    }

    /** Restores the modes like {@link #restore()}. A second call does nothing. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            restore();
        }
    }

    /** Starts at the top, because each call also switches the parts below. */
    private void restore(Module module) {
        if (Objects.requireNonNull(training.get(module))) {
            module.train();
        } else {
            module.eval();
        }
        module.children().values().forEach(this::restore);
    }
}
