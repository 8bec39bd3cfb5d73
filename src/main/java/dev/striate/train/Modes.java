package dev.striate.train;

import dev.striate.nn.Module;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * Which parts of a model are in training and which in evaluation, to come back to: {@link Module#train} and {@link Module#eval}
 * also switch the parts that somebody set otherwise, such as a batch normalisation that is to keep its statistics.
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
    private final Map<Module, Boolean> training = new IdentityHashMap<>();
    private boolean closed;

    private Modes(Module model) {
        this.model = model;
        note(model);
    }

    /** The modes as they are. */
    public static Modes of(Module model) {
        return new Modes(model);
    }

    private void note(Module module) {
        training.put(module, module.isTraining());
        module.children().values().forEach(this::note);
    }

    /** Brings all parts into the modes in which they were. */
    public void restore() {
        restore(model);
    }

    /** The same as {@link #restore()}; a second call does nothing. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            restore();
        }
    }

    /** From the top down, as each call switches what is below, too. */
    private void restore(Module module) {
        if (training.get(module)) {
            module.train();
        } else {
            module.eval();
        }
        module.children().values().forEach(this::restore);
    }
}
