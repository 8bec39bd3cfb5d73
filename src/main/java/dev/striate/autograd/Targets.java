package dev.striate.autograd;

import static dev.striate.internal.Internals.gradient;

import dev.striate.Tensor;
import dev.striate.internal.Internals;
import org.jspecify.annotations.Nullable;

/**
 * Describes which gradients a rule has to compute, where it can write them, and whether it can apply a ReLU to them.
 */
public final class Targets {

    private final Node.Edge[] edges;
    private final Tensor dy;
    private final Node.@Nullable Step[] gates;

    Targets(Node.Edge[] edges, Tensor dy) {
        this.edges = edges;
        this.dy = dy;
        gates = new Node.Step[edges.length];
    }

    /** Returns whether there is an i-th input and its gradient is needed. */
    public boolean wanted(int i) {
        return i < edges.length && edges[i].wanted();
    }

    /**
     * Returns a tensor for the gradient of the i-th input, or null if that gradient is not needed. The rule writes
     * every element and returns the tensor. If the input is a leaf whose gradient is zero, this is the memory of that
     * gradient, so nothing has to be added or copied.
     */
    public @Nullable Tensor allocate(int i) {
        if (!wanted(i)) {
            return null;
        }
        Tensor leaf = edges[i].leaf();
        return leaf == null || isAmongTheFirst(i, leaf)
                ? Internals.allocate(dy.device(), edges[i].shape())
                : gradient(leaf).target();
    }

    /**
     * Returns whether a leaf is one of the first {@code count} inputs. Only the first gradient can be written to its
     * memory; others are added.
     */
    private boolean isAmongTheFirst(int count, Tensor leaf) {
        for (int i = 0; i < count; i++) {
            if (edges[i].leaf() == leaf) {
                return true;
            }
        }
        return false;
    }

    /** Returns whether all gradients are zero or have no elements, because the output or the inputs have none. */
    boolean areZero() {
        if (dy.shape().elements() == 0) {
            return true;
        }
        for (Node.Edge edge : edges) {
            if (edge.wanted() && edge.shape().elements() > 0) {
                return false;
            }
        }
        return true;
    }

    /** Returns gradients of zeros, instead of those of the rule. */
    @Nullable
    Tensor[] zeros() {
        @Nullable Tensor[] zeros = new Tensor[edges.length];
        for (int i = 0; i < edges.length; i++) {
            zeros[i] = edges[i].wanted()
                    ? Tensor.zeros(edges[i].device(), edges[i].shape().toArray())
                    : null;
        }
        return zeros;
    }

    /**
     * If the i-th input is the output of a {@linkplain Recorder#gate gate}, reshaped or not, returns that output;
     * otherwise null. If the rule calls this method, it must write 0 where the output is not above 0, and the gate's
     * own rule is skipped. A kernel that writes the gradient can do this at almost no cost.
     */
    public @Nullable Tensor gate(int i) {
        Node node = edges[i].node();
        while (node != null && node.retained() == null && node.steps().length == 1) {
            Node.Step step = node.steps()[0];
            if (step.kind() == Node.Kind.GATE) {
                gates[i] = step;
                return step.saved().get(0);
            }
            if (step.kind() != Node.Kind.VIEW) {
                return null;
            }
            node = step.edges()[0].node();
        }
        return null;
    }

    /**
     * Returns the destination of the gradient of the i-th input, which is behind the gate if the rule has applied it.
     */
    Node.Edge destination(int i) {
        Node.Step gate = gates[i];
        return gate == null ? edges[i] : gate.edges()[0];
    }
}
