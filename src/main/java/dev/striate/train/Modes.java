package dev.striate.train;

import dev.striate.nn.Block;
import java.util.IdentityHashMap;
import java.util.Objects;

/**
 * A snapshot of the modes (training or evaluation) of a model's parts, which can be restored later. {@link
 * Block#train} and {@link Block#eval} switch all parts, including those that were set individually, such as a batch
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

    private final Block model;
    private final IdentityHashMap<Block, Boolean> training = new IdentityHashMap<>();
    private boolean closed;

    private Modes(Block model) {
        this.model = model;
        note(model);
    }

    /** Returns a snapshot of the current modes. */
    public static Modes of(Block model) {
        return new Modes(model);
    }

    private void note(Block block) {
        training.put(block, block.isTraining());
        block.children().values().forEach(this::note);
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
    private void restore(Block block) {
        if (Objects.requireNonNull(training.get(block))) {
            block.train();
        } else {
            block.eval();
        }
        block.children().values().forEach(this::restore);
    }
}
