package dev.striate.train;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The listeners of a training run. If one throws, the exception is kept until the others have been called. */
final class Listeners {

    private final List<TrainingListener> all;
    private final Set<TrainingListener> failed = Collections.newSetFromMap(new IdentityHashMap<>());
    private @Nullable Throwable failure;

    Listeners(List<TrainingListener> all) {
        this.all = List.copyOf(all);
    }

    /** Calls the listeners that have not failed. */
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

    /**
     * Returns the reason to stop, or null. Reasons to stop at once have priority; among equal reasons, the first
     * listener's is returned.
     */
    @Nullable
    Stop stop() {
        Stop[] found = new Stop[1];
        tell(listener -> {
            Stop stop = listener.stop();
            if (stop != null && (found[0] == null || stop.isAtOnce() && !found[0].isAtOnce())) {
                found[0] = stop;
            }
        });
        return failure == null ? found[0] : new Stop(Stop.Kind.FAILURE, "a listener failed: " + failure);
    }

    /** Returns the reason to stop at once, or null; see {@link #stop()}. */
    @Nullable
    Stop stopAtOnce() {
        Stop stop = stop();
        return stop != null && stop.isAtOnce() ? stop : null;
    }

    /** Throws the first exception, with the others as suppressed exceptions. */
    void rethrow() {
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure instanceof Error e) {
            throw e;
        }
    }
}
