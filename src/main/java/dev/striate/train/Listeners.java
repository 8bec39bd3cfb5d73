package dev.striate.train;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The listeners of one training. What one of them throws is kept until the others have had their turn. */
final class Listeners {

    private final List<TrainingListener> all;
    private final Set<TrainingListener> failed = Collections.newSetFromMap(new IdentityHashMap<>());
    private @Nullable Throwable failure;

    Listeners(List<TrainingListener> all) {
        this.all = List.copyOf(all);
    }

    /** Tells those that have not failed. */
    void tell(Consumer<TrainingListener> event) {
        for (TrainingListener listener : all) {
            if (!failed.contains(listener)) {
                try {
                    event.accept(listener);
                } catch (RuntimeException | Error e) {
                    failed.add(listener);
                    if (failure == null) {
                        failure = e;
                    } else if (failure != e) {
                        failure.addSuppressed(e);
                    }
                }
            }
        }
    }

    /** Why to stop, or null: what is to be done at once comes first, then the order of the listeners counts. */
    @Nullable Stop stop() {
        Stop[] found = new Stop[1];
        tell(listener -> {
            Stop stop = listener.stop();
            if (stop != null && (found[0] == null || stop.isAtOnce() && !found[0].isAtOnce())) {
                found[0] = stop;
            }
        });
        return failure == null ? found[0] : new Stop(Stop.Kind.FAILURE, "a listener failed: " + failure);
    }

    /** The same, but null for what can wait until the next step or epoch is over. */
    @Nullable Stop stopAtOnce() {
        Stop stop = stop();
        return stop != null && stop.isAtOnce() ? stop : null;
    }

    /** Throws what was thrown first, the rest suppressed within. */
    void rethrow() {
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure instanceof Error e) {
            throw e;
        }
    }
}
