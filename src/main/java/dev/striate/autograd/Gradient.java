package dev.striate.autograd;

import static dev.striate.internal.Internals.adopt;
import static dev.striate.internal.Internals.alias;
import static dev.striate.internal.Internals.allocate;
import static dev.striate.internal.Internals.release;
import static dev.striate.internal.Internals.share;
import static dev.striate.internal.Internals.storage;

import dev.striate.AutogradException;
import dev.striate.NoGrad;
import dev.striate.ShapeException;
import dev.striate.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What a tensor knows of its gradient: whether one is wanted, the operation that passes it on, and for leaves the
 * gradient itself, the sum over all backward passes.
 */
public final class Gradient {

    private final Tensor owner;
    private boolean wanted;
    private @Nullable Node node;
    private @Nullable Tensor value;
    private boolean inFlatStorage;
    /**
     * The version of a gradient in flat storage when it was cleared. While the version is unchanged, there is no
     * gradient.
     */
    private int clearedVersion;

    public Gradient(Tensor owner) {
        this.owner = owner;
    }

    /** Returns whether the backward pass computes a gradient for the tensor or passes one through it. */
    public boolean isWanted() {
        return wanted;
    }

    /**
     * Sets whether the backward pass computes a gradient for this leaf.
     *
     * @throws AutogradException if the tensor is not a leaf
     */
    public void setWanted(boolean requested) {
        if (node != null) {
            throw new AutogradException("requiresGrad: expected a leaf, got a tensor of shape " + owner.shape()
                    + " computed by " + node.operation()
                    + "; use detach() to cut it off from the graph, or retainGrad() to keep its gradient");
        }
        wanted = requested;
    }

    /**
     * Returns the operation that computed the tensor, or null for leaves and for tensors computed while recording was
     * off.
     */
    public @Nullable Node node() {
        return node;
    }

    /** Makes the tensor the output of a recorded operation. */
    void attach(Node recorded) {
        node = recorded;
        wanted = true;
    }

    /**
     * Makes the backward pass store the gradient of a computed tensor too.
     *
     * @throws AutogradException if the tensor does not get a gradient
     */
    public void retain() {
        if (node != null) {
            node.retainGrad(owner);
        } else if (!wanted) {
            throw new AutogradException("retainGrad: this tensor of shape " + owner.shape()
                    + " gets no gradient, because it does not depend on a tensor that requires one");
        }
    }

    // ---- The value

    /** Returns the gradient. Before the first backward pass it is null or, in flat storage, zero. */
    public @Nullable Tensor value() {
        return value;
    }

    /** Returns whether a backward pass has computed a gradient since {@link #clear}, or the value was changed in place. */
    public boolean isPresent() {
        return value != null && (!inFlatStorage || storage(value).version() != clearedVersion);
    }

    /** Resets the gradient, so that the next backward pass starts from zero. */
    public void clear() {
        if (value != null) {
            if (inFlatStorage) {
                value.fill(0);
                clearedVersion = storage(value).version();
            } else {
                close();
            }
        }
    }

    /** Releases the gradient's memory. */
    public void close() {
        if (value != null) {
            value.close();
            value = null;
        }
    }

    /**
     * Returns a tensor for a gradient of this leaf. The caller writes every element and passes it to {@link
     * #accumulate}. If the value has a pending fill with zeros, the tensor uses its memory; otherwise it is new.
     */
    Tensor target() {
        return value != null && storage(value).isKnown(0)
                ? adopt(alias(value))
                : allocate(owner.device(), owner.shape());
    }

    /** Adds a tensor to the gradient. */
    void accumulate(Tensor gradient) {
        // Fails if the leaf was closed; its gradient would never be released.
        storage(owner);
        if (!gradient.shape().equals(owner.shape())) {
            throw new ShapeException("internal error: gradient of shape " + gradient.shape() + " for a tensor of shape "
                    + owner.shape());
        }
        if (value != null && storage(value).isKnown(0)) {
            // Cancels the pending fill. Copies nothing if the gradient was written to target().
            try (NoGrad off = NoGrad.open()) {
                value.assign(gradient);
            }
        } else if (value != null) {
            try (NoGrad off = NoGrad.open()) {
                add(value, gradient);
            }
        } else if (storage(gradient).isShared()) {
            // Another user may still read this memory, or it may be the source of this gradient.
            Tensor copy = release(allocate(owner.device(), owner.shape()));
            copy.assign(gradient);
            value = copy;
        } else {
            value = share(gradient);
        }
    }

    private void add(Tensor before, Tensor gradient) {
        if (inFlatStorage || !storage(before).isShared()) {
            before.addInPlace(1, gradient);
        } else {
            // In the current backward pass, a node that has not run yet may hold the same memory.
            value = release(before.add(gradient));
            before.close();
        }
    }

    /**
     * Moves the gradient of this leaf into flat storage. Everything that shares its memory moves with it.
     *
     * @param target a window of the tensor's shape; receives the current gradient, or zeros. From now on, a fill of the
     *     gradient is pending until it is read through this handle or one that shares its memory. Code that reads the
     *     flat storage directly has to perform the pending fills first
     */
    public void moveInto(Tensor target) {
        if (value == null) {
            value = alias(target);
            storage(value).deferFills();
            inFlatStorage = true;
            clear();
            return;
        }
        if (!storage(value).isFillPending()) {
            target.assign(value);
        }
        storage(value).moveTo(storage(target));
        if (!inFlatStorage) {
            storage(value).deferFills();
            clearedVersion = storage(value).version() - 1;
            inFlatStorage = true;
        }
    }
}
