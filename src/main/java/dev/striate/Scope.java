package dev.striate;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Closes all tensors that a thread created while the scope was open, so that a training step leaves no device memory
 * behind:
 *
 * <pre>{@code
 * try (Scope step = Scope.open()) {
 *     Tensor loss = model.forward(images).crossEntropy(labels);
 *     loss.backward();
 *     optimizer.step();
 *     total += loss.item();
 * }
 * }</pre>
 *
 * <p>Scopes nest, and a tensor belongs to the innermost one. {@link #keep} moves a tensor to the enclosing scope. A
 * graph that was recorded inside a scope ends with the scope. Parameters are created outside of steps, and gradients
 * belong to their tensors, so neither is closed.
 */
public final class Scope implements AutoCloseable {

    private static final ThreadLocal<@Nullable Scope> CURRENT = new ThreadLocal<>();
    private static final int COMPACT_ABOVE = 1024;

    private final @Nullable Scope parent;
    private final Thread thread = Thread.currentThread();
    private List<ScopedResource> owned = new ArrayList<>();
    private int gone;
    private boolean closed;

    private Scope(@Nullable Scope parent) {
        this.parent = parent;
    }

    /** Opens a scope on this thread, inside the current one if there is one. */
    public static Scope open() {
        Scope scope = new Scope(CURRENT.get());
        CURRENT.set(scope);
        return scope;
    }

    /** Adds a resource to the innermost scope of this thread, if there is one. */
    static void adopt(ScopedResource resource) {
        Scope scope = CURRENT.get();
        if (scope != null) {
            scope.add(resource);
        }
    }

    /**
     * Moves a tensor of this scope to the enclosing scope. If there is none, the caller closes the tensor.
     *
     * @return the same tensor
     */
    public <R extends ScopedResource> R keep(R resource) {
        if (resource.owner == this) {
            forget(resource);
            if (parent != null) {
                parent.add(resource);
            }
        }
        return resource;
    }

    private void add(ScopedResource resource) {
        resource.owner = this;
        owned.add(resource);
    }

    /** Called when a resource leaves its scope before the scope's end. */
    static void forget(ScopedResource resource) {
        Scope scope = resource.owner;
        if (scope == null) {
            return;
        }
        resource.owner = null;
        if (scope.thread != Thread.currentThread()) {
            return;
        }
        scope.gone++;
        // A scope around a whole training run must not grow with every temporary tensor that was already closed.
        if (scope.gone > COMPACT_ABOVE && scope.gone > scope.owned.size() / 2) {
            List<ScopedResource> left = new ArrayList<>(scope.owned.size() - scope.gone);
            for (ScopedResource candidate : scope.owned) {
                if (candidate.owner == scope) {
                    left.add(candidate);
                }
            }
            scope.owned = left;
            scope.gone = 0;
        }
    }

    /** Closes the remaining resources, newest first, and makes the enclosing scope current again. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (CURRENT.get() != this) {
            throw new StriateException(
                    "a Scope must be closed by the thread that opened it, after the scopes inside it;"
                            + " use try-with-resources");
        }
        closed = true;
        if (parent == null) {
            CURRENT.remove();
        } else {
            CURRENT.set(parent);
        }
        for (int i = owned.size() - 1; i >= 0; i--) {
            ScopedResource resource = owned.get(i);
            if (resource.owner == this) {
                resource.owner = null;
                resource.close();
            }
        }
    }
}
